// By how much one process may be over an account's limits: an object in replies that were given
// without the ledger.

/// `"overUse":{"executions":600,"executionTimeMs":60000}`
///
/// The most that the process which replied may admit of this account beyond its limits, within any
/// window, while the ledger cannot answer. Both are always written; null if the plan has no limit
/// of that meter. With several limits of one meter it is that of the largest.
public struct OverUseObject: WireBody {
    /// ``BodyField/executions``: a count, 0 to 2^53-1.
    public var executions: Int?
    /// ``BodyField/executionTimeMs``: ms, 0 to 2^53-1.
    public var executionTimeMs: Int?

    public init(executions: Int? = nil, executionTimeMs: Int? = nil) {
        self.executions = executions
        self.executionTimeMs = executionTimeMs
    }

    private static let fields: [BodyField] = [.executions, .executionTimeMs]

    public init(from reader: inout JSONReader) throws(BodyError) {
        self.init()
        var seen = FieldSet()
        try reader.beginFields()
        while let field = try reader.nextField(of: Self.fields, seen: &seen) {
            switch field {
            case .executions: executions = try reader.integer(field)
            case .executionTimeMs: executionTimeMs = try reader.integer(field)
            default: try reader.skipField()
            }
        }
    }

    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member(.executions, orNull: executions)
        writer.member(.executionTimeMs, orNull: executionTimeMs)
        writer.endObject()
    }
}

extension JSONWriter {
    /// The two members of a reply that was given without the ledger.
    mutating func degraded(_ overUse: OverUseObject) {
        member(.degraded, true)
        name(BodyField.overUse.name)
        overUse.write(to: &self)
    }
}
