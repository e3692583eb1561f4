// The reply to a settlement.

/// 200 to a settlement.
///
/// ```json
/// {"id":"run-1f0a","chargedMs":84,"returnedMs":9916,"overrunMs":0,
///  "limits":{"executionsRemaining":5999,"timeRemaining":599916}}
/// ```
/// Units and bounds: ``BodyField``.
public struct SettledBody: WireBody {
    /// ``BodyField/id``.
    public var id: String
    /// ``BodyField/chargedMs``: the execution's charge from now on.
    public var chargedMs: Int
    /// ``BodyField/returnedMs``: 0 after an over-run.
    public var returnedMs: Int
    /// ``BodyField/overrunMs``: 0 within the grant.
    public var overrunMs: Int
    /// ``BodyField/limits``: what is left after the correction.
    public var limits: LimitsObject
    /// ``BodyField/overUse``: settled in the process's share of the limits, without the ledger; nil
    /// otherwise.
    public var overUse: OverUseObject?

    public init(
        id: String, chargedMs: Int, returnedMs: Int, overrunMs: Int, limits: LimitsObject,
        overUse: OverUseObject? = nil
    ) {
        self.id = id
        self.chargedMs = chargedMs
        self.returnedMs = returnedMs
        self.overrunMs = overrunMs
        self.limits = limits
        self.overUse = overUse
    }

    private static let fields: [BodyField] = [.id, .chargedMs, .returnedMs, .overrunMs, .limits, .overUse]

    public init(from reader: inout JSONReader) throws(BodyError) {
        var (id, chargedMs, returnedMs, overrunMs): (String?, Int?, Int?, Int?)
        var (limits, overUse): (LimitsObject?, OverUseObject?)
        var seen = FieldSet()
        try reader.beginFields()
        while let field = try reader.nextField(of: Self.fields, seen: &seen) {
            switch field {
            case .id: id = try reader.text(field)
            case .chargedMs: chargedMs = try reader.integer(field)
            case .returnedMs: returnedMs = try reader.integer(field)
            case .overrunMs: overrunMs = try reader.integer(field)
            case .limits: limits = try reader.body(field, as: LimitsObject.self)
            case .overUse: overUse = try reader.body(field, as: OverUseObject.self)
            default: try reader.skipField()
            }
        }
        guard let id else { throw .missing(.id, among: seen) }
        guard let chargedMs else { throw .missing(.chargedMs, among: seen) }
        guard let returnedMs else { throw .missing(.returnedMs, among: seen) }
        guard let overrunMs else { throw .missing(.overrunMs, among: seen) }
        guard let limits else { throw .missing(.limits, among: seen) }
        self.init(
            id: id, chargedMs: chargedMs, returnedMs: returnedMs, overrunMs: overrunMs, limits: limits,
            overUse: overUse)
    }

    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member(.id, id)
        writer.member(.chargedMs, chargedMs)
        writer.member(.returnedMs, returnedMs)
        writer.member(.overrunMs, overrunMs)
        writer.name(BodyField.limits.name)
        limits.write(to: &writer)
        if let overUse { writer.degraded(overUse) }
        writer.endObject()
    }
}
