// The body of a settlement: what a runner sends about an execution after it ended.

public import Accounting

/// `POST /v1/accounts/{account}/executions/{id}/settle`.
///
/// ```json
/// {"durationMs":84,"outcome":"ok","memoryBytes":50331648}
/// ```
/// Only `durationMs` is required. Units and bounds: ``BodyField``.
public struct SettleBody: WireBody {
    /// ``BodyField/durationMs``: 0 to 31 days in ms; above the grant it is an over-run.
    public var durationMs: Int
    /// ``BodyField/outcome``.
    public var outcome: Ending.Outcome?
    /// ``BodyField/memoryBytes``: the most memory it used, 0 to 2^53-1 bytes.
    public var memoryBytes: Int?

    public init(durationMs: Int, outcome: Ending.Outcome? = nil, memoryBytes: Int? = nil) {
        self.durationMs = durationMs
        self.outcome = outcome
        self.memoryBytes = memoryBytes
    }

    private static let fields: [BodyField] = [.durationMs, .outcome, .memoryBytes]

    public init(from reader: inout JSONReader) throws(BodyError) {
        var durationMs: Int?
        var outcome: Ending.Outcome?
        var memoryBytes: Int?
        var seen = FieldSet()
        try reader.beginFields()
        while let field = try reader.nextField(of: Self.fields, seen: &seen) {
            switch field {
            case .durationMs: durationMs = try reader.integer(field)
            case .outcome: outcome = try reader.text(field).flatMap(Ending.Outcome.init(rawValue:))
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
