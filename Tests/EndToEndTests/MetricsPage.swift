// A strict parser of Prometheus' text format 0.0.4: an invalid line is an error that names the
// line.

import Foundation

struct MetricsPage {
    struct Sample: Hashable {
        let name: String
        let labels: [String: String]
    }

    /// By family: counter, gauge or histogram.
    private(set) var kinds: [String: String] = [:]
    private(set) var samples: [Sample: Double] = [:]
    private var helps: Set<String> = []

    /// - Throws: when `text` breaks the grammar, repeats itself, or a histogram does not add up.
    init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw Unexpected("the last line has no end") }
        var family = ""
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
            if let match = line.wholeMatch(of: /# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)/) {
                guard helps.insert(String(match.output.1)).inserted, kinds[String(match.output.1)] == nil
                else { throw Unexpected("HELP twice or too late: \(line)") }
            } else if let match = line.wholeMatch(
                of: /# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)/)
            {
                family = String(match.output.1)
                guard kinds.updateValue(String(match.output.2), forKey: family) == nil else {
                    throw Unexpected("TYPE twice: \(line)")
                }
            } else {
                try read(line, in: family)
            }
        }
        for (name, kind) in kinds where kind == "histogram" { try checkHistogram(name) }
    }

    /// nil when there is no such sample.
    func value(_ name: String, _ labels: [String: String]) -> Double? {
        samples[Sample(name: name, labels: labels)]
    }

    private mutating func read(_ line: Substring, in family: String) throws {
        guard
            let match = line.wholeMatch(
                of: /([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(.*)\})? ([-+]?[0-9.]+(e[-+]?[0-9]+)?|[-+]Inf|NaN)/),
            let value = Double(match.output.4)
        else { throw Unexpected("no sample: \(line)") }
        let name = String(match.output.1)
        let parts = kinds[family] == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
        guard parts.contains(where: { family + $0 == name }) else {
            throw Unexpected("not of the family \(family): \(line)")
        }
        if kinds[family] == "counter", value < 0 { throw Unexpected("a counter below 0: \(line)") }
        let sample = Sample(name: name, labels: try Self.labels(match.output.3 ?? ""))
        guard samples.updateValue(value, forKey: sample) == nil else { throw Unexpected("twice: \(line)") }
    }

    /// `a="x",b="y"`
    private static func labels(_ text: Substring) throws -> [String: String] {
        var rest = text
        var labels: [String: String] = [:]
        while !rest.isEmpty {
            guard let match = rest.prefixMatch(of: /([a-zA-Z_][a-zA-Z0-9_]*)="(([^"\\\n]|\\["\\n])*)"(,|$)/),
                labels.updateValue(String(match.output.2), forKey: String(match.output.1)) == nil
            else { throw Unexpected("no labels: \(text)") }
            rest = rest[match.range.upperBound...]
        }
        return labels
    }

    /// Buckets never shrink, the last is `+Inf` and equals the count; the sum is there.
    private func checkHistogram(_ name: String) throws {
        let buckets = samples.filter { $0.key.name == name + "_bucket" }
        let series = Set(buckets.keys.map { $0.labels.filter { $0.key != "le" } })
        guard !series.isEmpty else { throw Unexpected("\(name) has no buckets") }
        for labels in series {
            let counts = buckets.filter { $0.key.labels.filter { $0.key != "le" } == labels }
                .compactMap { bucket in
                    bucket.key.labels["le"].flatMap(Double.init).map { ($0, bucket.value) }
                }
                .sorted { $0.0 < $1.0 }
            guard zip(counts, counts.dropFirst()).allSatisfy({ $0.1 <= $1.1 }),
                let last = counts.last, last.0 == .infinity,
                value(name + "_count", labels) == last.1, value(name + "_sum", labels) != nil
            else { throw Unexpected("\(name)\(labels) does not add up") }
        }
    }
}
