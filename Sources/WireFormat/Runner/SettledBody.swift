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

    public init(id: String, chargedMs: Int, returnedMs: Int, overrunMs: Int, limits: LimitsObject) {
        self.id = id
        self.chargedMs = chargedMs
        self.returnedMs = returnedMs
        self.overrunMs = overrunMs
        self.limits = limits
    }

    private static let fields: [BodyField] = [.id, .chargedMs, .returnedMs, .overrunMs, .limits]

    public init(from reader: inout JSONReader) throws(BodyError) {
        var (id, chargedMs, returnedMs, overrunMs): (String?, Int?, Int?, Int?)
        var limits: LimitsObject?
        var seen = FieldSet()
        try reader.beginFields()
        while let field = try reader.nextField(of: Self.fields, seen: &seen) {
            switch field {
            case .id: id = try reader.text(field)
            case .chargedMs: chargedMs = try reader.integer(field)
            case .returnedMs: returnedMs = try reader.integer(field)
            case .overrunMs: overrunMs = try reader.integer(field)
            case .limits: limits = try reader.body(field, as: LimitsObject.self)
            default: try reader.skipField()
            }
        }
        guard let id else { throw .missing(.id, among: seen) }
        guard let chargedMs else { throw .missing(.chargedMs, among: seen) }
        guard let returnedMs else { throw .missing(.returnedMs, among: seen) }
        guard let overrunMs else { throw .missing(.overrunMs, among: seen) }
        guard let limits else { throw .missing(.limits, among: seen) }
        self.init(id: id, chargedMs: chargedMs, returnedMs: returnedMs, overrunMs: overrunMs, limits: limits)
    }

    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member(.id, id)
        writer.member(.chargedMs, chargedMs)
        writer.member(.returnedMs, returnedMs)
        writer.member(.overrunMs, overrunMs)
        writer.name(BodyField.limits.name)
        limits.write(to: &writer)
        writer.endObject()
    }
}
