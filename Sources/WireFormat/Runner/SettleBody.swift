// The body of a settlement: what a runner tells about an execution after it ended.

/// `POST /v1/accounts/{account}/executions/{id}/settle`.
///
/// ```json
/// {"durationMs":84,"outcome":"ok","memoryBytes":50331648}
/// ```
/// Only `durationMs` is required. Units and bounds: ``BodyField``.
public struct SettleBody: WireBody {
    /// How an execution ended. It is recorded, not charged: failed work costs what it took.
    public enum Outcome: String, CaseIterable, Sendable {
        /// It returned.
        case ok
        /// It failed.
        case error
        /// It was stopped at its deadline.
        case timeout
        /// It was admitted and then not run at all.
        case notStarted = "not-started"
    }

    /// ``BodyField/durationMs``: 0 to 31 days in ms; above the grant it is an over-run.
    public var durationMs: Int
    /// ``BodyField/outcome``.
    public var outcome: Outcome?
    /// ``BodyField/memoryBytes``: the most memory it used, 0 to 2^53-1 bytes.
    public var memoryBytes: Int?

    public init(durationMs: Int, outcome: Outcome? = nil, memoryBytes: Int? = nil) {
        self.durationMs = durationMs
        self.outcome = outcome
        self.memoryBytes = memoryBytes
    }

    private static let fields: [BodyField] = [.durationMs, .outcome, .memoryBytes]

    public init(from reader: inout JSONReader) throws(BodyError) {
        var durationMs: Int?
        var outcome: Outcome?
        var memoryBytes: Int?
        var seen = FieldSet()
        try reader.beginFields()
        while let field = try reader.nextField(of: Self.fields, seen: &seen) {
            switch field {
            case .durationMs: durationMs = try reader.integer(field)
            case .outcome: outcome = try reader.text(field).flatMap(Outcome.init(rawValue:))
            case .memoryBytes: memoryBytes = try reader.integer(field)
            default: try reader.skipField()
            }
        }
        guard let durationMs else { throw .missing(.durationMs, among: seen) }
        self.init(durationMs: durationMs, outcome: outcome, memoryBytes: memoryBytes)
    }

    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member(.durationMs, durationMs)
        writer.member(.outcome, ifPresent: outcome?.rawValue)
        writer.member(.memoryBytes, ifPresent: memoryBytes)
        writer.endObject()
    }
}
