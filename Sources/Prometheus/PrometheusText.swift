// Prometheus' text format 0.0.4: names, labels, numbers and their escapes. It knows no metric.

struct PrometheusText {
    private(set) var output = ""

    mutating func write(_ family: PrometheusMetrics.Family, name: String) {
        let help = Self.escaped(family.description.help, quotes: false)
        if !help.isEmpty { output += "# HELP \(name) \(help)\n" }
        output += "# TYPE \(name) \(family.kind.rawValue)\n"
        for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
            series.write(name: name, labels: labels, to: &self)
        }
    }

    mutating func line(_ name: String, _ labels: String, _ value: Double) {
        output += "\(name)\(labels) \(Self.number(value))\n"
    }

    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`; any other character becomes `_`.
    static func name(_ label: String, colons: Bool = true) -> String {
        let characters = label.unicodeScalars.enumerated().map { index, scalar -> Character in
            switch scalar {
            case "a"..."z", "A"..."Z", "_": Character(scalar)
            case "0"..."9" where index > 0: Character(scalar)
            case ":" where colons: Character(scalar)
            default: "_"
            }
        }
        return characters.isEmpty ? "_" : String(characters)
    }

    /// `{a="x",b="y"}`, sorted by label, or nothing.
    static func labels(_ dimensions: [(String, String)]) -> String {
        let pairs = dimensions.map { "\(name($0.0, colons: false))=\"\(escaped($0.1, quotes: true))\"" }
        return pairs.isEmpty ? "" : "{\(pairs.sorted().joined(separator: ","))}"
    }

    /// The labels with another one at the end.
    static func adding(_ label: String, _ value: String, to labels: String) -> String {
        let rest = labels.isEmpty ? "{" : labels.dropLast() + ","
        return "\(rest)\(label)=\"\(value)\"}"
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return Int(exactly: value).map(String.init) ?? "\(value)"
    }

    private static func escaped(_ value: String, quotes: Bool) -> String {
        var result = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
