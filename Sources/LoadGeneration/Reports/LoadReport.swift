// The report of a load: as text for people, and as JSON for programs (docs/LOAD.md describes it).

import Foundation
import WireFormat

/// The results of a load.
public struct LoadReport: Sendable {
    public let settings: LoadSettings
    public internal(set) var tally = LoadTally()
    /// The time from the end of the warm-up to the last answer, in ms. It is at least the duration
    /// in the settings, unless interrupted.
    public internal(set) var measuredMs = 0
    /// Whether it was stopped before its end.
    public var wasInterrupted = false
    /// The results of a replay; nil without one.
    public internal(set) var replay: ReplayReport?
    /// The counts of the record; nil without one.
    public var recorded: HistoryWriter.Summary?

    init(settings: LoadSettings) { self.settings = settings }

    /// Whether something was measured and nothing failed.
    public var isFine: Bool {
        tally.answered > 0 && tally.failed == 0 && tally.notSent == 0 && replay?.problem == nil
    }

    /// Answered admissions and settlements per second, rounded down.
    public var requestsPerSecond: Int { measuredMs == 0 ? 0 : tally.answered * 1_000 / measuredMs }

    /// Decided admissions per second, rounded down.
    public var decisionsPerSecond: Int {
        measuredMs == 0 ? 0 : (tally.admitted + tally.denied) * 1_000 / measuredMs
    }

    /// Failures, the most frequent first.
    private var failures: [(kind: String, count: Int)] {
        tally.failures.sorted { $0.value == $1.value ? $0.key < $1.key : $0.value > $1.value }
            .map { (kind: "\($0.key)", count: $0.value) }
    }

    // MARK: Text

    /// Printable lines. The last two are the throughput and the p99 of all requests.
    public var text: String {
        let latency = tally.latency
        var lines = headLines
        lines.append(Self.row("latency ms", ["p50", "p90", "p99", "p99.9", "max", "count"]))
        lines.append(Self.row("admit", tally.admissionLatency))
        if !settings.admitsOnly { lines.append(Self.row("settle", tally.settlementLatency)) }
        lines.append(Self.row("both", latency))
        if settings.pace != .closed { lines.append(Self.row("late", tally.lateness)) }
        if let replay { lines += replay.tailLines }
        lines.append("throughput  \(requestsPerSecond) requests/s (\(decisionsPerSecond) decisions/s)")
        lines.append("p99         \(Self.ms(latency.us(atPercentile: 99))) ms")
        return lines.map { printable($0) }.joined(separator: "\n") + "\n"
    }

    private var headLines: [String] {
        let targets = settings.targets.map(\.description).joined(separator: ", ")
        let steps = settings.admitsOnly ? "admit only" : "admit and settle"
        let interrupted = wasInterrupted ? " (interrupted)" : ""
        let degraded = tally.degraded > 0 ? ", \(tally.degraded) of the admitted without the ledger" : ""
        let counts: [String] = failures.map { "\($0.kind): \($0.count)" }
        var lines: [String] = []
        if case .recorded(let replay) = settings.pace {
            lines.append("replay      \(pace), \(settings.connections) connections to \(targets)")
            lines.append("workload    \(replay.description), ask \(settings.askText)")
            lines += self.replay?.headLines ?? []
            lines.append("measured    \(Self.seconds(measuredMs)) s\(interrupted)")
        } else {
            lines.append("load        \(pace), \(settings.connections) connections to \(targets)")
            lines.append(
                "workload    \(settings.accounts) accounts \(settings.skew), \(steps), ask \(settings.askText),"
            )
            lines.append("            durations \(settings.durations), seed \(settings.seed)")
            lines.append(
                "measured    \(Self.seconds(measuredMs)) s, warm-up \(Self.seconds(settings.warmUpMs)) s\(interrupted)"
            )
        }
        lines.append("requests    \(tally.answered) answered, \(tally.notSent) not sent")
        lines.append(
            "decisions   \(tally.admitted) admitted, \(tally.denied) denied, \(tally.settled) settled\(degraded)"
        )
        lines.append("failures    " + (counts.isEmpty ? "none" : counts.joined(separator: ", ")))
        if tally.reconnections > 0 { lines.append("connections \(tally.reconnections) made again") }
        if let recorded {
            let waits = recorded.waits > 0 ? "; the load waited \(recorded.waits) times for the recorder" : ""
            lines.append("recorded    \(recorded.lines) lines\(waits)")
        }
        return lines
    }

    private var pace: String {
        switch settings.pace {
        case .closed: "closed loop"
        case .open(let perSecond): "open loop, \(perSecond) executions due per second"
        case .recorded(let replay): "at speed \(replay.speedText)"
        }
    }

    private static func row(_ name: String, _ latency: LatencyHistogram) -> String {
        var cells = LatencyHistogram.reported.map { ms(latency.us(atPercentile: $0.percent)) }
        cells.append(ms(latency.maxUs))
        cells.append("\(latency.count)")
        return row(name, cells)
    }

    private static func row(_ name: String, _ cells: [String]) -> String {
        var line = name.padding(toLength: 12, withPad: " ", startingAt: 0)
        for cell in cells { line += String(repeating: " ", count: max(1, 11 - cell.count)) + cell }
        return line
    }

    private static func ms(_ us: Int) -> String { String(format: "%.3f", Double(us) / 1_000) }

    private static func seconds(_ ms: Int) -> String { String(format: "%.1f", Double(ms) / 1_000) }

    // MARK: JSON

    /// One object without line breaks. Every number is an integer, with its unit in its name.
    public var json: String {
        var writer = JSONWriter()
        writer.beginObject()
        if case .recorded(let replay) = settings.pace {
            write(replay, to: &writer)
        } else {
            write(settings: &writer)
        }
        writer.member("interrupted", wasInterrupted)
        writer.member("fine", isFine)
        writer.member("measuredMs", measuredMs)
        writer.member("requestsPerSecond", requestsPerSecond)
        writer.member("decisionsPerSecond", decisionsPerSecond)
        writer.member("answered", tally.answered)
        writer.member("admitted", tally.admitted)
        writer.member("degraded", tally.degraded)
        writer.member("denied", tally.denied)
        writer.member("settled", tally.settled)
        writer.member("notSent", tally.notSent)
        writer.member("failed", tally.failed)
        writer.name("failures")
        writer.beginArray()
        for failure in failures {
            writer.beginObject()
            writer.member("kind", failure.kind)
            writer.member("count", failure.count)
            writer.endObject()
        }
        writer.endArray()
        writer.member("reconnections", tally.reconnections)
        writer.member("warmUpAnswered", tally.warmUpAnswered)
        if let recorded {
            writer.member("recordedLines", recorded.lines)
            writer.member("recorderWaits", recorded.waits)
        }
        writer.name("latencyUs")
        writer.beginObject()
        Self.write("both", tally.latency, to: &writer)
        Self.write("admit", tally.admissionLatency, to: &writer)
        Self.write("settle", tally.settlementLatency, to: &writer)
        writer.endObject()
        if settings.pace != .closed { Self.write("lateUs", tally.lateness, to: &writer) }
        replay?.write(to: &writer)
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private func write(settings writer: inout JSONWriter) {
        writer.name("load")
        writer.beginObject()
        writeTargets(to: &writer)
        if case .open(let perSecond) = settings.pace {
            writer.member("loop", "open")
            writer.member("ratePerSecond", perSecond)
        } else {
            writer.member("loop", "closed")
        }
        writer.member("connections", settings.connections)
        writer.member("eventLoops", settings.eventLoops)
        writer.member("accounts", settings.accounts)
        writer.member("skew", "\(settings.skew)")
        writer.member("durations", "\(settings.durations)")
        writer.member("ask", settings.askText)
        writer.member("admitOnly", settings.admitsOnly)
        writer.member("seed", "\(settings.seed)")
        writer.member("warmUpMs", settings.warmUpMs)
        writer.member("durationMs", settings.durationMs)
        writer.member("timeoutMs", settings.timeoutMs)
        writer.endObject()
    }

    private func write(_ replay: Replay, to writer: inout JSONWriter) {
        writer.name("replay")
        writer.beginObject()
        writer.member("trace", replay.trace)
        writer.member("speed", replay.speedText)
        writer.member("accountsTimes", replay.copies)
        writeTargets(to: &writer)
        writer.member("connections", settings.connections)
        writer.member("ask", settings.askText)
        if let kind = replay.kind { writer.member("kind", kind) }
        writer.member("durationMs", settings.durationMs)
        writer.member("timeoutMs", settings.timeoutMs)
        writer.endObject()
    }

    private func writeTargets(to writer: inout JSONWriter) {
        writer.name("targets")
        writer.beginArray()
        for target in settings.targets { writer.value("\(target)") }
        writer.endArray()
    }

    private static func write(_ name: StaticString, _ latency: LatencyHistogram, to writer: inout JSONWriter)
    {
        writer.name(name)
        writer.beginObject()
        writer.member("count", latency.count)
        writer.member("mean", latency.meanUs)
        for percentile in LatencyHistogram.reported {
            writer.member(percentile.name, latency.us(atPercentile: percentile.percent))
        }
        writer.member("max", latency.maxUs)
        writer.endObject()
    }
}

extension LatencyHistogram {
    /// The percentiles in reports.
    fileprivate static let reported: [(name: StaticString, percent: Double)] = [
        ("p50", 50), ("p90", 90), ("p99", 99), ("p999", 99.9),
    ]
}
