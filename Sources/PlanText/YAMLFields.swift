// A mapping with known keys.

import Accounting

struct YAMLFields {
    let whole: YAMLValue
    let values: [String: YAMLValue]

    init(of value: YAMLValue, known: [String], key: YAMLValue.Key? = nil) throws(YAMLError) {
        if value.isEmpty, let key { throw key.error("\(key.text): is empty") }
        var values: [String: YAMLValue] = [:]
        for (key, value) in try value.entries() {
            guard known.contains(key.text) else {
                throw key.error(
                    "unknown key '\(key.text)'; known: \(known.joined(separator: ", "))")
            }
            values[key.text] = value
        }
        whole = value
        self.values = values
    }

    subscript(name: String) -> YAMLValue? { values[name] }

    func required(_ name: String) throws(YAMLError) -> YAMLValue {
        guard let value = values[name] else { throw whole.error("\(name): is missing", field: name) }
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

    /// Builds a value of `Accounting`, and adds the place of the field to its error.
    func built<Value>(_ make: () throws(PlanError) -> Value) throws(YAMLError) -> Value {
        do {
            return try make()
        } catch {
            let first = error.field.prefix { $0 != "." && $0 != "[" }
            let place = (values[String(first)] ?? whole).error("\(error)")
            throw YAMLError(
                file: place.file, line: place.line, column: place.column, reason: place.reason,
                field: whole.error("", field: error.field).field)
        }
    }
}
