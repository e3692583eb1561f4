// The body of an admission: what a runner sends about an execution before it starts.

/// `POST /v1/accounts/{account}/executions`.
///
/// ```json
/// {"id":"run-1f0a","function":"thumbnails/resize","kind":"function","maxDurationMs":10000,
///  "minDurationMs":250,"payloadBytes":512}
/// ```
/// Everything is optional; no body is the same as `{}`. Units and bounds: ``BodyField``.
public struct AdmitBody: WireBody {
    /// ``BodyField/id``: 1 to 64 bytes; nil lets the service make one.
    public var id: String?
    /// ``BodyField/function``: 1 to 256 bytes.
    public var function: String?
    /// ``BodyField/kind``: 1 to 64 bytes; nil means `Admission.defaultKind`.
    public var kind: String?
    /// ``BodyField/maxDurationMs``: 0 to 31 days in ms; nil: the kind's ceiling.
    public var maxDurationMs: Int?
    /// ``BodyField/minDurationMs``: 0 to 31 days in ms, at most `maxDurationMs`; nil: the plan's
    /// minimum.
    public var minDurationMs: Int?
    /// ``BodyField/payloadBytes``: 0 to 2^53-1.
    public var payloadBytes: Int?

    public init(
        id: String? = nil, function: String? = nil, kind: String? = nil, maxDurationMs: Int? = nil,
        minDurationMs: Int? = nil, payloadBytes: Int? = nil
    ) {
        self.id = id
        self.function = function
        self.kind = kind
        self.maxDurationMs = maxDurationMs
        self.minDurationMs = minDurationMs
        self.payloadBytes = payloadBytes
    }

    private static let fields: [BodyField] = [
        .id, .function, .kind, .maxDurationMs, .minDurationMs, .payloadBytes,
    ]

    public init(from reader: inout JSONReader) throws(BodyError) {
        self.init()
        var seen = FieldSet()
        try reader.beginFields()
        while let field = try reader.nextField(of: Self.fields, seen: &seen) {
            switch field {
            case .id: id = try reader.text(field)
            case .function: function = try reader.text(field)
            case .kind: kind = try reader.text(field)
            case .maxDurationMs: maxDurationMs = try reader.integer(field)
            case .minDurationMs: minDurationMs = try reader.integer(field)
            case .payloadBytes: payloadBytes = try reader.integer(field)
            default: try reader.skipField()
            }
        }
        if let minDurationMs, let maxDurationMs, minDurationMs > maxDurationMs {
            throw .malformedField(
                .minDurationMs, bound: "at most maxDurationMs (\(maxDurationMs))", found: "\(minDurationMs)")
        }
    }

    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member(.id, ifPresent: id)
        writer.member(.function, ifPresent: function)
        writer.member(.kind, ifPresent: kind)
        writer.member(.maxDurationMs, ifPresent: maxDurationMs)
        writer.member(.minDurationMs, ifPresent: minDurationMs)
        writer.member(.payloadBytes, ifPresent: payloadBytes)
        writer.endObject()
    }
}
