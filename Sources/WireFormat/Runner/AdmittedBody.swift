// The reply to an admission that was granted.

/// 201, or 200 if the same id is already held.
///
/// ```json
/// {"id":"run-1f0a","grantedMs":10000,"deadline":1770000010000,"memoryBytes":134217728,
///  "limits":{"executionsRemaining":5999,"timeRemaining":590000},"suggestedIntervalMs":0}
/// ```
/// Units and bounds: ``BodyField``.
public struct AdmittedBody: WireBody {
    /// ``BodyField/id``: the runner's own, or the one that the service made.
    public var id: String
    /// ``BodyField/grantedMs``: less than was asked for if less was left.
    public var grantedMs: Int
    /// ``BodyField/deadline``: ms since 1970, on the ledger's clock, or on that of the service if
    /// it admitted a share by itself; nil if it runs without a charge.
    public var deadline: Int?
    /// ``BodyField/memoryBytes``: the kind's ceiling; nil if it has none.
    public var memoryBytes: Int?
    /// ``BodyField/limits``: what is left after this charge; nil if it runs without a charge.
    public var limits: LimitsObject?
    /// ``BodyField/suggestedIntervalMs``: nil if it runs without a charge.
    public var suggestedIntervalMs: Int?
    /// ``BodyField/degraded``: admitted without the ledger, by the plan's `whenUnavailable`.
    public var degraded: Bool
    /// ``BodyField/overUse``: admitted from the process's share of the limits. It is settled like
    /// any other, and charged when the ledger is back.
    public var overUse: OverUseObject?

    public init(
        id: String, grantedMs: Int, deadline: Int?, memoryBytes: Int? = nil, limits: LimitsObject? = nil,
        suggestedIntervalMs: Int? = nil, degraded: Bool = false, overUse: OverUseObject? = nil
    ) {
        self.id = id
        self.grantedMs = grantedMs
        self.deadline = deadline
        self.memoryBytes = memoryBytes
        self.limits = limits
        self.suggestedIntervalMs = suggestedIntervalMs
        self.degraded = degraded
        self.overUse = overUse
    }

    private static let fields: [BodyField] = [
        .id, .grantedMs, .deadline, .memoryBytes, .limits, .suggestedIntervalMs, .degraded, .overUse,
    ]

    public init(from reader: inout JSONReader) throws(BodyError) {
        var (id, grantedMs, deadline): (String?, Int?, Int?)
        var (memoryBytes, limits, degraded): (Int?, LimitsObject?, Bool?)
        var overUse: OverUseObject?
        var suggestedIntervalMs: Int?
        var seen = FieldSet()
        try reader.beginFields()
        while let field = try reader.nextField(of: Self.fields, seen: &seen) {
            switch field {
            case .id: id = try reader.text(field)
            case .grantedMs: grantedMs = try reader.integer(field)
            case .deadline: deadline = try reader.integer(field)
            case .memoryBytes: memoryBytes = try reader.integer(field)
            case .limits: limits = try reader.body(field, as: LimitsObject.self)
            case .suggestedIntervalMs: suggestedIntervalMs = try reader.integer(field)
            case .degraded: degraded = try reader.boolean(field)
            case .overUse: overUse = try reader.body(field, as: OverUseObject.self)
            default: try reader.skipField()
            }
        }
        guard let id else { throw .missing(.id, among: seen) }
        guard let grantedMs else { throw .missing(.grantedMs, among: seen) }
        guard deadline != nil || degraded == true else { throw .missing(.deadline, among: seen) }
        self.init(
            id: id, grantedMs: grantedMs, deadline: deadline, memoryBytes: memoryBytes, limits: limits,
            suggestedIntervalMs: suggestedIntervalMs, degraded: degraded ?? false,
            overUse: overUse)
    }

    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member(.id, id)
        writer.member(.grantedMs, grantedMs)
        writer.member(.deadline, ifPresent: deadline)
        writer.member(.memoryBytes, ifPresent: memoryBytes)
        if let limits {
            writer.name(BodyField.limits.name)
            limits.write(to: &writer)
        }
        writer.member(.suggestedIntervalMs, ifPresent: suggestedIntervalMs)
        if let overUse {
            writer.degraded(overUse)
        } else if degraded {
            writer.member(.degraded, true)
        }
        writer.endObject()
    }
}
