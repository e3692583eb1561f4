// What is left of an account's limits: an object in every reply about an account.

/// `"limits":{"executionsRemaining":5999,"timeRemaining":590000}`
///
/// Both are always written; null if the plan has no limit of that meter. With several limits of one
/// meter it is the least that any of them has left.
public struct LimitsObject: WireBody {
    /// ``BodyField/executionsRemaining``: a count, 0 to 2^53-1.
    public var executionsRemaining: Int?
    /// ``BodyField/timeRemaining``: ms, 0 to 2^53-1.
    public var timeRemaining: Int?

    public init(executionsRemaining: Int? = nil, timeRemaining: Int? = nil) {
        self.executionsRemaining = executionsRemaining
        self.timeRemaining = timeRemaining
    }

    private static let fields: [BodyField] = [.executionsRemaining, .timeRemaining]

    public init(from reader: inout JSONReader) throws(BodyError) {
        self.init()
        var seen = FieldSet()
        try reader.beginFields()
        while let field = try reader.nextField(of: Self.fields, seen: &seen) {
            switch field {
            case .executionsRemaining: executionsRemaining = try reader.integer(field)
            case .timeRemaining: timeRemaining = try reader.integer(field)
            default: try reader.skipField()
            }
        }
    }

    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member(.executionsRemaining, orNull: executionsRemaining)
        writer.member(.timeRemaining, orNull: timeRemaining)
        writer.endObject()
    }
}

extension JSONWriter {
    mutating func member(_ field: BodyField, orNull value: Int?) {
        name(field.name)
        if let value { self.value(value) } else { null() }
    }
}
