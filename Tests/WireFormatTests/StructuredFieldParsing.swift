// Parses Structured Fields with the package swift-http-structured-headers and renders the result as
// plain text, to compare it with what the public test suite expects. The package leaves the base64
// of byte sequences to its caller, so it is decoded here; Stint's own fields have none.

import Foundation
import RawStructuredFieldValues

enum StructuredFieldParsing {
    /// One item of a list with its parameters, as the RateLimit fields have them.
    struct ListItem: Equatable {
        let value: String
        let parameters: [String]

        init(_ value: String, _ parameters: String...) {
            self.value = value
            self.parameters = parameters
        }

        init(value: String, parameters: [String]) {
            self.value = value
            self.parameters = parameters
        }
    }

    /// The items of a list field, `"a";q=1` being `ListItem("string a", "q=integer 1")`.
    static func list(_ field: some Sequence<UInt8>) throws -> [ListItem] {
        var parser = StructuredFieldValueParser(Array(field))
        return try parser.parseListFieldValue().map { member in
            guard case .item(let item) = member else { throw StructuredFieldMismatch(found: "an inner list") }
            return ListItem(
                value: try describe(item.rfc9651BareItem),
                parameters: try item.rfc9651Parameters.map { "\($0.0)=\(try describe($0.1))" })
        }
    }

    /// A whole field of the type that the suite names, as text.
    static func describe(_ lines: [String], type: String) throws -> String {
        var parser = StructuredFieldValueParser(Array(lines.joined(separator: ", ").utf8))
        switch type {
        case "item": return try describe(try parser.parseItemFieldValue())
        case "list":
            return try parser.parseListFieldValue().map(describe).joined(separator: ", ")
        case "dictionary":
            return try parser.parseDictionaryFieldValue().map { "\($0.0)=\(try describe($0.1))" }
                .joined(separator: ", ")
        default: throw StructuredFieldMismatch(found: type)
        }
    }

    private static func describe(_ member: ItemOrInnerList) throws -> String {
        switch member {
        case .item(let item): return try describe(item)
        case .innerList(let list):
            let items = try list.bareInnerList.map(describe).joined(separator: " ")
            return try "(\(items))" + describe(list.rfc9651Parameters)
        }
    }

    private static func describe(_ item: Item) throws -> String {
        try describe(item.rfc9651BareItem) + describe(item.rfc9651Parameters)
    }

    private static func describe(_ parameters: OrderedMap<String, RFC9651BareItem>) throws -> String {
        try parameters.map { ";\($0.0)=\(try describe($0.1))" }.joined()
    }

    private static func describe(_ item: RFC9651BareItem) throws -> String {
        switch item {
        case .bool(let value): "boolean \(value)"
        case .integer(let value): "integer \(value)"
        case .decimal(let value): number(Double(value))
        case .string(let value): "string \(value)"
        case .undecodedByteSequence(let value): "binary \(try base64(value))"
        case .token(let value): "token \(value)"
        case .date(let value): "date \(value)"
        case .displayString(let value): "display \(value)"
        }
    }

    /// The suite's JSON writes `1.0` and `1` for a decimal and an integer, which readers of JSON
    /// take for the same; so whole decimals are compared as integers.
    static func number(_ value: Double) -> String {
        value == value.rounded() ? "integer \(Int64(value))" : "decimal \(value)"
    }

    private static func base64(_ text: String) throws -> String {
        guard let data = Data(base64Encoded: text) else { throw StructuredFieldMismatch(found: text) }
        return data.map { String($0, radix: 16) }.joined(separator: " ")
    }
}

struct StructuredFieldMismatch: Error {
    let found: String
}

/// What the suite expects of a field, read from its JSON and rendered like the parser's findings.
enum ExpectedField: Decodable {
    case number(Double)
    case boolean(Bool)
    case string(String)
    case typed(kind: String, value: String)
    case array([ExpectedField])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let typed = try? container.decode(Typed.self) {
            self = .typed(kind: typed.__type, value: typed.value)
        } else if let array = try? container.decode([ExpectedField].self) {
            self = .array(array)
        } else if let boolean = try? container.decode(Bool.self) {
            self = .boolean(boolean)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else {
            self = .string(try container.decode(String.self))
        }
    }

    private struct Typed: Decodable {
        let __type: String
        let value: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            __type = try container.decode(String.self, forKey: .__type)
            let number = try? container.decode(Int64.self, forKey: .value)
            value = try number.map(String.init) ?? container.decode(String.self, forKey: .value)
        }

        enum CodingKeys: CodingKey { case __type, value }
    }

    func describe(as type: String) -> String {
        switch type {
        case "item": member
        case "list": elements.map(\.member).joined(separator: ", ")
        default: elements.map { "\($0.elements[0].plain)=\($0.elements[1].member)" }.joined(separator: ", ")
        }
    }

    private var elements: [ExpectedField] { if case .array(let elements) = self { elements } else { [] } }

    private var plain: String { if case .string(let value) = self { value } else { "not a string" } }

    /// `[value, parameters]`, the value being a bare item or the items of an inner list.
    private var member: String {
        let parameters = elements[1].elements.map { ";\($0.elements[0].plain)=\($0.elements[1].bare)" }
            .joined()
        guard case .array(let items) = elements[0] else { return elements[0].bare + parameters }
        return "(" + items.map(\.member).joined(separator: " ") + ")" + parameters
    }

    private var bare: String {
        switch self {
        case .number(let value): StructuredFieldParsing.number(value)
        case .boolean(let value): "boolean \(value)"
        case .string(let value): "string \(value)"
        case .typed("binary", let value): "binary \(Self.base32(value))"
        case .typed("displaystring", let value): "display \(value)"
        case .typed(let kind, let value): "\(kind) \(value)"
        case .array: "an array"
        }
    }

    private static func base32(_ text: String) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        var (bits, count): (UInt64, Int) = (0, 0)
        var bytes: [String] = []
        for digit in text.compactMap({ alphabet.firstIndex(of: $0) }) {
            bits = bits << 5 | UInt64(digit)
            count += 5
            if count >= 8 {
                count -= 8
                bytes.append(String(bits >> UInt64(count) & 0xFF, radix: 16))
            }
        }
        return bytes.joined(separator: " ")
    }
}
