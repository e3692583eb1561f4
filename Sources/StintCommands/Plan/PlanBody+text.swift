// A plan as text for a terminal.

import WireFormat

extension PlanBody.Limit {
    /// `6000 executions/60 s`
    var summary: String {
        let unit = meter == "executions" ? "executions" : "ms"
        return "\(amount) \(unit)/\(Seconds.text(milliseconds: windowMs))"
    }
}

extension PlanBody.WhenUnavailable {
    fileprivate var summary: String {
        switch self {
        case .deny: "deny"
        case .admit: "admit, without a bound"
        case .admitShare(let percent): "admit \(percent) % of every limit in each process"
        }
    }
}

extension PlanBody {
    /// For people.
    func text(revision: String?) -> String {
        var parts: [String] = []
        var head = "plan \(printable(name))"
        if let revision { head += ", revision \(printable(revision.filter { $0 != "\"" }))" }
        head +=
            "\nminimum grant \(minimumGrantMs) ms; if the ledger cannot answer: \(whenUnavailable.summary)"
        parts.append(head)
        var limitTable = Table(
            .text("LIMIT"), .text("METER"), .number("AMOUNT"), .number("WINDOW MS"), .number("CELLS"))
        for limit in limits {
            limitTable.add(limit.name, limit.meter, "\(limit.amount)", "\(limit.windowMs)", "\(limit.cells)")
        }
        parts.append("\(limitTable)")
        if let kinds {
            var table = Table(
                .text("KIND"), .number("DURATION MS"), .number("MEMORY BYTES"), .number("PAYLOAD BYTES"))
            func cell(_ value: Int?) -> String { value.map(String.init) ?? "-" }
            for (kind, ceiling) in kinds.sorted(by: { $0.key < $1.key }) {
                table.add(
                    kind, cell(ceiling.maxDurationMs), cell(ceiling.memoryBytes), cell(ceiling.payloadBytes))
            }
            parts.append("\(table)")
        }
        if !resources.isEmpty {
            var table = Table(.text("RESOURCE"), .number("QUOTA"))
            for (kind, quota) in resources.sorted(by: { $0.key < $1.key }) { table.add(kind, "\(quota)") }
            parts.append("\(table)")
        }
        return parts.joined(separator: "\n\n")
    }
}
