// Plans as YAML (design: "The default plan"). Reads the whole file or refuses it, naming file, line, column
// and reason; which values are possible is not decided here but in `Accounting`.

import Accounting

enum PlanFile {
    /// - Parameter name: the file's name, for complaints.
    static func read(_ yaml: String, named name: String) throws(YAMLError) -> PlanBook {
        let root = try YAMLValue(parsing: yaml, file: name)
        let fields = try Fields(of: root, known: ["default", "plans"])
        let standard = try fields.required("default").text()
        let plans = try fields.required("plans").entries().map { key, value throws(YAMLError) in
            try plan(called: key, value)
        }
        return try fields.built { () throws(PlanError) in try PlanBook(plans: plans, standard: standard) }
    }

    private static func plan(called key: YAMLValue.Key, _ value: YAMLValue) throws(YAMLError) -> Plan {
        let fields = try Fields(
            of: value, known: ["limits", "kinds", "minimumGrantMs", "resources", "whenUnavailable"], key: key)
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
        let whenUnavailable: UnavailablePolicy = try fields.choice("whenUnavailable") ?? .deny
        return try fields.built { () throws(PlanError) in
            try Plan(
                name: key.text, limits: limits, kinds: kinds, minimumGrantMs: minimumGrantMs,
                resources: resources, whenUnavailable: whenUnavailable)
        }
    }

    private static func limit(_ value: YAMLValue) throws(YAMLError) -> Limit {
        let fields = try Fields(of: value, known: ["name", "meter", "amount", "windowMs", "cells"])
        let name = try fields.required("name").text()
        guard let meter: Meter = try fields.choice("meter") else { throw value.error("meter: is missing") }
        let amount = try fields.required("amount").integer()
        let windowMs = try fields.required("windowMs").integer()
        let cells = try fields["cells"]?.integer() ?? 60
        return try fields.built { () throws(PlanError) in
            try Limit(name: name, meter: meter, amount: amount, windowMs: windowMs, cells: cells)
        }
    }

    private static func ceiling(_ value: YAMLValue) throws(YAMLError) -> Ceiling {
        let fields = try Fields(of: value, known: ["maxDurationMs", "memoryBytes", "payloadBytes"])
        let maxDurationMs = try fields["maxDurationMs"]?.integer()
        let memoryBytes = try fields["memoryBytes"]?.integer()
        let payloadBytes = try fields["payloadBytes"]?.integer()
        return try fields.built { () throws(PlanError) in
            try Ceiling(maxDurationMs: maxDurationMs, memoryBytes: memoryBytes, payloadBytes: payloadBytes)
        }
    }

    /// A mapping whose keys are known.
    private struct Fields {
        let whole: YAMLValue
        let values: [String: YAMLValue]

        init(of value: YAMLValue, known: [String], key: YAMLValue.Key? = nil) throws(YAMLError) {
            if value.isEmpty, let key { throw key.error("\(key.text): is empty") }
            var values: [String: YAMLValue] = [:]
            for (key, value) in try value.entries() {
                guard known.contains(key.text) else {
                    throw key.error(
                        "'\(key.text)' is not known here; known are \(known.joined(separator: ", "))")
                }
                values[key.text] = value
            }
            whole = value
            self.values = values
        }

        subscript(name: String) -> YAMLValue? { values[name] }

        func required(_ name: String) throws(YAMLError) -> YAMLValue {
            guard let value = values[name] else { throw whole.error("\(name): is missing") }
            return value
        }

        func choice<Choice: RawRepresentable<String> & CaseIterable>(
            _ name: String
        ) throws(YAMLError) -> Choice? {
            guard let value = values[name] else { return nil }
            let text = try value.text()
            guard let choice = Choice(rawValue: text) else {
                let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
                throw value.error("\(name): must be one of \(known), not '\(text)'")
            }
            return choice
        }

        /// What `Accounting` makes of the values; its complaint is put where the field stands.
        func built<Value>(_ make: () throws(PlanError) -> Value) throws(YAMLError) -> Value {
            do {
                return try make()
            } catch {
                let first = error.field.prefix { $0 != "." && $0 != "[" }
                throw (values[String(first)] ?? whole).error("\(error)")
            }
        }
    }
}
