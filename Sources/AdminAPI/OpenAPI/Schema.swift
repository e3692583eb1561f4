// JSON Schema of the bodies. The schemas of the runner API's fields are made from the rules that
// check them (`BodyField`), so the document cannot differ from the code.

import Accounting
import WireFormat

enum Schema {
    // MARK: Values

    static let count: JSONValue = ["type": "integer", "minimum": 0]
    static let anyText: JSONValue = ["type": "string"]
    /// An object of any shape, such as metadata.
    static let anyObject: JSONValue = ["type": "object"]

    static func array(_ element: JSONValue) -> JSONValue { ["type": "array", "items": element] }

    static func enumeration(_ values: [String]) -> JSONValue {
        ["type": "string", "enum": .array(values.map { .string($0) })]
    }

    /// A reference to a named schema.
    static func named(_ name: String) -> JSONValue { ["$ref": .string("#/components/schemas/\(name)")] }

    /// The bounds of a field. Bounds in bytes are also in the description, because JSON Schema
    /// counts characters.
    static func value(_ rule: FieldRule) -> JSONValue {
        switch rule {
        case .name(let rule):
            let also = String(describing: rule.punctuation).replacing("-", with: "")
            return [
                "type": "string", "minLength": 1, "maxLength": .integer(rule.maximumBytes),
                "pattern": .string("^[A-Za-z0-9\(also)-]+$"),
            ]
        case .text(let minimum, let maximum):
            return [
                "type": "string", "minLength": .integer(minimum), "maxLength": .integer(maximum),
                "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$", "description": .string("\(rule)"),
            ]
        case .prose(let maximum): return ["type": "string", "maxLength": .integer(maximum)]
        case .integer(let bounds, let unit):
            var members: [String: JSONValue] = [
                "type": "integer", "minimum": .integer(bounds.lowerBound),
                "maximum": .integer(bounds.upperBound),
            ]
            if let unit { members["description"] = .string("\(unit)") }
            return .object(members)
        case .word(let choices): return Schema.enumeration(choices)
        case .boolean: return ["type": "boolean"]
        case .object: return anyObject
        case .array: return ["type": "array"]
        }
    }

    // MARK: Objects

    /// An object that Stint sends: these members and no others.
    static func reply(_ required: [String: JSONValue], optional: [String: JSONValue] = [:]) -> JSONValue {
        var members = object(required, optional: optional)
        members["additionalProperties"] = false
        return .object(members)
    }

    /// An object that clients send. Unknown members are ignored, and null is the same as absent.
    static func request(
        _ required: [String: JSONValue] = [:], optional: [String: JSONValue] = [:]
    ) -> JSONValue {
        .object(object(required, optional: optional.mapValues(orNull)))
    }

    /// Members of the runner API.
    static func fields(_ fields: BodyField...) -> [String: JSONValue] {
        Dictionary(uniqueKeysWithValues: fields.map { ("\($0.name)", schema(of: $0)) })
    }

    private static func schema(of field: BodyField) -> JSONValue {
        switch field {
        case .limits: named("Limits")
        case .overUse: named("OverUse")
        case .policies: array(named("Policy"))
        case .violatedPolicies: array(value(BodyField.name.rule))
        case .type: enumeration(ProblemType.allCases.map { "\($0.uri)" })
        default: value(field.rule)
        }
    }

    static func orNull(_ schema: JSONValue) -> JSONValue { ["oneOf": [schema, ["type": "null"]]] }

    static func object(
        _ required: [String: JSONValue], optional: [String: JSONValue] = [:]
    ) -> [String: JSONValue] {
        var members: [String: JSONValue] = [
            "type": "object", "properties": .object(required.merging(optional) { $1 }),
        ]
        if !required.isEmpty {
            members["required"] = .array(required.keys.sorted().map { .string($0) })
        }
        return members
    }
}
