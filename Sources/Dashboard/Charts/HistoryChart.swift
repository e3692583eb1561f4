// An account's usage over time as a chart: executions and failed ones, execution time, and marks
// for denials. The table below it has the same numbers.

import Accounting
import WireFormat

struct HistoryChart {
    /// The height of a row in the picture's units, and the least height of a column above zero.
    private static let height = 100.0
    private static let least = 3.0

    let step: RollupStep
    let usage: UsageBody

    private var id: String { "by-\(step.rawValue)" }
    private var count: Int { max(1, (usage.to - usage.from + step.lengthMs - 1) / step.lengthMs) }
    private func place(_ point: UsageBody.Point) -> Double { Double((point.at - usage.from) / step.lengthMs) }

    var html: HTML {
        let sums = (
            executions: usage.points.reduce(0) { $0 + $1.executions },
            executionTimeMs: usage.points.reduce(0) { $0 + $1.executionMs },
            errors: usage.points.reduce(0) { $0 + $1.errors },
            denials: usage.points.reduce(0) { $0 + $1.denialCount }
        )
        return #"""
            <figure class="history" aria-labelledby="\#(id)-title">
            <figcaption id="\#(id)-title"><strong>\#(step.title)</strong></figcaption>
            <p class="sum">\#(sums.executions.grouped) executions, \#(sums.executionTimeMs.asDuration), \#
            \#(sums.errors.grouped) failed, \#(sums.denials.grouped) denied.</p>
            \#(row("Executions", "executions") { $0.executions } parts: { $0.errors } saying: { $0.grouped })
            \#(row("Execution time", "execution-time") { $0.executionMs } parts: { _ in 0 } saying: { $0.asDuration })
            \#(marks)
            <p class="axis" aria-hidden="true"><span>\#(step.label(usage.from))</span><span>\#(step.label(usage.to))</span></p>
            \#(usage.points.isEmpty ? nil : table)
            </figure>
            """#
    }

    private func row(
        _ title: String, _ name: String, _ value: (UsageBody.Point) -> Int,
        parts: (UsageBody.Point) -> Int, saying: (Int) -> String
    ) -> HTML {
        let most = usage.points.map(value).max() ?? 0
        let columns = usage.points.map { column($0, value($0), parts($0), most) }
        return #"""
            <div class="row">
            <p class="row-name"><strong>\#(title)</strong> <span>most \#(saying(most))</span></p>
            <svg class="columns \#(name)" viewBox="0 0 \#(count) 100" preserveAspectRatio="none" role="img"\#
             aria-label="\#(title) by the \#(step.rawValue); the table below has the numbers">
            \#(columns)
            </svg>
            </div>
            """#
    }

    private func column(_ point: UsageBody.Point, _ value: Int, _ part: Int, _ most: Int) -> HTML {
        guard value > 0 else { return "" }
        let height = max(Self.least, Double(value) / Double(max(most, 1)) * Self.height)
        let lower = min(height, Double(part) / Double(value) * height)
        let failed: HTML? =
            part == 0
            ? nil
            : #"""
            <rect class="failed" x="\#(place(point) + 0.1)" y="\#(Self.height - lower)" width="0.8" height="\#(lower)"/>
            """#
        return #"""
            <rect x="\#(place(point) + 0.1)" y="\#(Self.height - height)" width="0.8" height="\#(height)">\#
            <title>\#(title(of: point))</title></rect>\#(failed)
            """#
    }

    /// A triangle below each period with denials; nil if there are none.
    private var marks: HTML? {
        let denied = usage.points.filter { $0.denialCount > 0 }
        guard !denied.isEmpty else { return nil }
        return #"""
            <div class="row">
            <p class="row-name"><strong>Denied</strong> <span>in \#(denied.count.grouped) of \#(count) \#(step.rawValue)s</span></p>
            <svg class="marks" viewBox="0 0 \#(count) 10" preserveAspectRatio="none" role="img"\#
             aria-label="Marks where executions were denied; the table below has the numbers">
            \#(denied.map(mark))
            </svg>
            </div>
            """#
    }

    private func mark(_ point: UsageBody.Point) -> HTML {
        let left = place(point)
        return #"""
            <polygon points="\#(left + 0.5),1 \#(left + 0.95),9 \#(left + 0.05),9">\#
            <title>\#(title(of: point))</title></polygon>
            """#
    }

    private func title(of point: UsageBody.Point) -> String {
        "\(step.label(point.at)): \(point.executions.grouped) executions, \(point.executionMs.asDuration), "
            + "\(point.errors.grouped) failed, \(point.denialCount.grouped) denied"
    }

    private var table: HTML {
        #"""
        <details id="\#(id)-table"><summary>As a table</summary>
        <div class="scroll" role="region" tabindex="0" aria-label="\#(step.title)">
        <table><caption>\#(step.title), newest first; periods without activity are left out</caption>
        <thead><tr><th scope="col">Began</th><th scope="col" class="number">Executions</th>\#
        <th scope="col" class="number">Execution time</th><th scope="col" class="number">Failed</th>\#
        <th scope="col">Denied</th><th scope="col">Fullest</th></tr></thead>
        <tbody>\#(usage.points.reversed().map(tableRow))</tbody></table></div></details>
        """#
    }

    private func tableRow(_ point: UsageBody.Point) -> HTML {
        let fullest = Self.list(point.peakPercent) { "\($0) %" }
        return #"""
            <tr><th scope="row">\#(instant: point.at, as: step.label(point.at))</th>\#
            <td class="number">\#(point.executions, as: point.executions.grouped)</td>\#
            <td class="number">\#(point.executionMs, as: point.executionMs.asDuration)</td>\#
            <td class="number">\#(point.errors, as: point.errors.grouped)</td>\#
            <td>\#(Self.list(point.denials) { $0.grouped })</td><td>\#(fullest)</td></tr>
            """#
    }

    /// `executions 3, execution-time 12`
    static func list(_ values: [String: Int], saying: (Int) -> String) -> String {
        values.sorted { $0.key < $1.key }.map { "\($0.key) \(saying($0.value))" }.joined(separator: ", ")
    }
}

extension RollupStep {
    /// The number of periods in a chart.
    package var drawn: Int { self == .minute ? 60 : 168 }

    fileprivate var title: String {
        self == .minute ? "The last hour, by the minute" : "The last 7 days, by the hour"
    }

    /// When a period began, in the shortest form that distinguishes the periods of a chart.
    fileprivate func label(_ at: Int) -> String {
        self == .minute ? at.asMinute : String(at.asInstant.dropFirst(5).dropLast(3))
    }
}

extension UsageBody.Point {
    /// The sum of the denials of all limits. An ask that violates several counts for each.
    var denialCount: Int { denials.values.reduce(0, +) }
}
