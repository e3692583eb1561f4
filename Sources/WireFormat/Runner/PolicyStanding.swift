// One limit of a plan, and the account's standing against it: an element of a peek's `policies`.

public import Accounting

/// ```json
/// {"name":"executions","meter":"executions","amount":6000,"used":12,"remaining":5988,
///  "windowMs":60000}
/// ```
public struct PolicyStanding: WireBody {
    /// ``BodyField/name-enum.case``.
    public var name: String
    /// ``BodyField/meter``.
    public var meter: Meter
    /// ``BodyField/amount``, in the meter's unit.
    public var amount: Int
    /// ``BodyField/used``, in the meter's unit.
    public var used: Int
    /// ``BodyField/remaining``, in the meter's unit.
    public var remaining: Int
    /// ``BodyField/windowMs``.
    public var windowMs: Int

    public init(name: String, meter: Meter, amount: Int, used: Int, remaining: Int, windowMs: Int) {
        self.name = name
        self.meter = meter
        self.amount = amount
        self.used = used
        self.remaining = remaining
        self.windowMs = windowMs
    }

    private static let fields: [BodyField] = [.name, .meter, .amount, .used, .remaining, .windowMs]

    public init(from reader: inout JSONReader) throws(BodyError) {
        var (name, meter): (String?, Meter?)
        var (amount, used, remaining, windowMs): (Int?, Int?, Int?, Int?)
        var seen = FieldSet()
        try reader.beginFields()
        while let field = try reader.nextField(of: Self.fields, seen: &seen) {
            switch field {
            case .name: name = try reader.text(field)
            case .meter: meter = try reader.text(field).flatMap(Meter.init(rawValue:))
            case .amount: amount = try reader.integer(field)
            case .used: used = try reader.integer(field)
            case .remaining: remaining = try reader.integer(field)
            case .windowMs: windowMs = try reader.integer(field)
            default: try reader.skipField()
            }
        }
        guard let name else { throw .missing(.name, among: seen) }
        guard let meter else { throw .missing(.meter, among: seen) }
        guard let amount else { throw .missing(.amount, among: seen) }
        guard let used else { throw .missing(.used, among: seen) }
        guard let remaining else { throw .missing(.remaining, among: seen) }
        guard let windowMs else { throw .missing(.windowMs, among: seen) }
        self.init(
            name: name, meter: meter, amount: amount, used: used, remaining: remaining, windowMs: windowMs)
    }

    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member(.name, name)
        writer.member(.meter, meter.rawValue)
        writer.member(.amount, amount)
        writer.member(.used, used)
        writer.member(.remaining, remaining)
        writer.member(.windowMs, windowMs)
        writer.endObject()
    }
}
