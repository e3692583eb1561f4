// Plans as text: the plan file in YAML, and one plan or one override in JSON as it is sent and
// stored. It accepts the whole text or refuses it, and names line, column, field and reason.
// `Accounting` decides which values are valid.

package import Accounting
import WireFormat

package enum PlanFile {
    /// - Parameter name: the file's name, for messages.
    package static func read(_ yaml: String, named name: String) throws(YAMLError) -> PlanBook {
        try book(YAMLValue(parsing: yaml, file: name))
    }

    /// Plans that a person puts: a plan file, or one plan as the admin API shows it.
    package static func plans(_ yaml: String, named name: String) throws(YAMLError) -> [Plan] {
        let root = try YAMLValue(parsing: yaml, file: name)
        let isFile = root.isMapping ? try root.entries().contains { $0.key.text == "plans" } : true
        if isFile { return try book(root).plans.values.sorted { $0.name < $1.name } }
        return [try plan(of: root, name: nil)]
    }

    /// One plan in JSON.
    /// - Parameters:
    ///   - json: the text.
    ///   - name: the plan's name; a name in the text must be the same.
    /// - Throws: ``JSONError`` or ``YAMLError``.
    package static func plan(json: String, named name: String? = nil) throws -> Plan {
        try plan(of: YAMLValue(json: json, file: name.map { "plan \($0)" } ?? "plan"), name: name)
    }

    /// One account's override in JSON. Its limits are not compared with those of a plan.
    /// - Throws: ``JSONError`` or ``YAMLError``.
    package static func override(json: String) throws -> AccountOverride {
        let fields = try YAMLFields(
            of: YAMLValue(json: json, file: "override"), known: ["plan", "amounts", "expiresAt"])
        var override = AccountOverride()
        override.plan = try fields["plan"]?.text()
        if let value = fields["amounts"] {
            for (key, value) in try value.entries() { override.amounts[key.text] = try value.integer() }
        }
        if let value = fields["expiresAt"] {
            let ms = try value.integer()
            guard (0...1 << 43).contains(ms) else {
                throw value.error("expiresAt: must be 0 to \(1 << 43) (ms since 1970), not \(ms)")
            }
            override.expiresAt = Timestamp(ms: ms)
        }
        return override
    }

    private static func book(_ root: YAMLValue) throws(YAMLError) -> PlanBook {
        let fields = try YAMLFields(of: root, known: ["default", "plans"])
        let defaultName = try fields.required("default").text()
        let plans = try fields.required("plans").entries().map { key, value throws(YAMLError) in
            try plan(YAMLFields(of: value, known: members, key: key), name: key.text)
        }
        return try fields.built { () throws(PlanError) in try PlanBook(plans: plans, default: defaultName) }
    }

    private static let members = ["limits", "kinds", "minimumGrantMs", "resources", "whenUnavailable"]

    private static func plan(of value: YAMLValue, name: String?) throws(YAMLError) -> Plan {
        let fields = try YAMLFields(of: value, known: ["name"] + members)
        let stated = try name == nil ? fields.required("name").text() : fields["name"]?.text()
        if let name, let stated, stated != name {
            throw (fields["name"] ?? value).error("name: must be '\(name)' or left out, not '\(stated)'")
        }
        return try plan(fields, name: name ?? stated ?? "")
    }

    private static func plan(_ fields: YAMLFields, name: String) throws(YAMLError) -> Plan {
        let limits = try fields.required("limits").elements().map { value throws(YAMLError) in
            try limit(value)
        }
        var kinds: [String: Ceiling]?
        if let value = fields["kinds"] {
            kinds = [:]
            for (key, value) in try value.entries() { kinds?[key.text] = try ceiling(value) }
        }
        var resources: [String: Int] = [:]
        if let value = fields["resources"] {
            for (key, value) in try value.entries() { resources[key.text] = try value.integer() }
        }
        let minimumGrantMs = try fields["minimumGrantMs"]?.integer() ?? 100
        let whenUnavailable = try fields["whenUnavailable"].map(unavailablePolicy) ?? .deny
        return try fields.built { () throws(PlanError) in
            try Plan(
                name: name, limits: limits, kinds: kinds, minimumGrantMs: minimumGrantMs,
                resources: resources, whenUnavailable: whenUnavailable)
        }
    }

    /// `deny`, `admit`, or `{admit: {share: 10}}`.
    private static func unavailablePolicy(_ value: YAMLValue) throws(YAMLError) -> UnavailablePolicy {
        guard value.isMapping else {
            switch try value.text() {
            case "deny": return .deny
            case "admit": return .admit
            case let text:
                throw value.error(
                    "whenUnavailable: must be deny, admit or {admit: {share: 1 to 100}}, not '\(text)'")
            }
        }
        let admit = try YAMLFields(of: value, known: ["admit"]).required("admit")
        let share = try YAMLFields(of: admit, known: ["share"]).required("share")
        return .admitShare(percent: try share.integer())
    }

    private static func limit(_ value: YAMLValue) throws(YAMLError) -> Limit {
        let fields = try YAMLFields(of: value, known: ["name", "meter", "amount", "windowMs", "cells"])
        let name = try fields.required("name").text()
        guard let meter: Meter = try fields.choice("meter") else {
            throw value.error("meter: is missing", field: "meter")
        }
        let amount = try fields.required("amount").integer()
        let windowMs = try fields.required("windowMs").integer()
        let cells = try fields["cells"]?.integer() ?? 60
        return try fields.built { () throws(PlanError) in
            try Limit(name: name, meter: meter, amount: amount, windowMs: windowMs, cells: cells)
        }
    }

    private static func ceiling(_ value: YAMLValue) throws(YAMLError) -> Ceiling {
        let fields = try YAMLFields(of: value, known: ["maxDurationMs", "memoryBytes", "payloadBytes"])
        let maxDurationMs = try fields["maxDurationMs"]?.integer()
        let memoryBytes = try fields["memoryBytes"]?.integer()
        let payloadBytes = try fields["payloadBytes"]?.integer()
        return try fields.built { () throws(PlanError) in
            try Ceiling(maxDurationMs: maxDurationMs, memoryBytes: memoryBytes, payloadBytes: payloadBytes)
        }
    }
}
