// Verdicts as CSV: every line of the trace unchanged, followed by the verdict on it.

public import Accounting
public import Traces

/// Writes the lines of a trace with their verdicts.
public struct VerdictWriter {
    public typealias Sink = ([UInt8]) throws -> Void

    /// Bytes that are collected before the sink gets them.
    private static let pieceBytes = 1 << 18

    private let sink: Sink
    private var bytes: [UInt8] = []
    /// `,` and the plan's name, or nothing if there is only one plan.
    private let plans: [[UInt8]]

    /// - Parameters:
    ///   - header: the names of the trace's columns.
    ///   - plans: the simulated plans.
    ///   - sink: gets the bytes in pieces.
    /// - Throws: ``TraceError`` if the trace has a column with the name of a new one.
    public init(header: [String], plans: [Plan], to sink: @escaping Sink) throws(TraceError) {
        let new = (plans.count > 1 ? ["plan"] : []) + ["verdict", "granted_ms", "retry_after_ms"]
        for name in new where header.contains(name) {
            throw TraceError(
                line: 1, "duplicate column \(name); rename it, or leave --verdicts out")
        }
        self.sink = sink
        self.plans = plans.map { plans.count > 1 ? Array(",\($0.name)".utf8) : [] }
        bytes += Array((header.map(Self.quoted) + new).joined(separator: ",").utf8)
        bytes.append(UInt8(ascii: "\n"))
    }

    /// A name as a field, in quotes if it needs them.
    private static func quoted(_ name: String) -> String {
        name.utf8.contains(where: { "\",\r\n".utf8.contains($0) })
            ? "\"" + name.replacing("\"", with: "\"\"") + "\"" : name
    }

    /// - Parameters:
    ///   - line: the line of the trace, without its line end.
    ///   - plan: the index of the plan.
    ///   - verdict: the verdict on the line.
    mutating func write(_ line: ArraySlice<UInt8>, plan: Int, _ verdict: SimulatedVerdict) throws {
        bytes += line
        bytes += plans[plan]
        switch verdict {
        case .admitted(let grantedMs):
            bytes += ",admitted,".utf8
            bytes += String(grantedMs).utf8
            bytes.append(UInt8(ascii: ","))
        case .denied(let retryAfterMs):
            bytes += ",denied,,".utf8
            if let retryAfterMs { bytes += String(retryAfterMs).utf8 }
        }
        bytes.append(UInt8(ascii: "\n"))
        if bytes.count >= Self.pieceBytes { try flush() }
    }

    mutating func flush() throws {
        try sink(bytes)
        bytes.removeAll(keepingCapacity: true)
    }
}
