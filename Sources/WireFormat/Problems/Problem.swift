// The body of every error and of every denial.

/// `application/problem+json` (RFC 9457).
///
/// ```json
/// {"type":"https://iana.org/assignments/http-problem-types#quota-exceeded",
///  "title":"Quota Exceeded","status":429,"detail":"10000 ms asked, 0 ms left in the last 60 s",
///  "violated-policies":["execution-time"],"retryAfterMs":6412,
///  "limits":{"executionsRemaining":5312,"timeRemaining":0}}
/// ```
/// Members are written in this order, then `degraded`, `overUse`, `field` and `id`; nil and empty
/// ones are left out.
public struct Problem: WireBody, Error {
    /// What went wrong. It determines `type`, `title` and `status`.
    public var type: ProblemType
    /// ``BodyField/detail``: the facts of this case, for people.
    public var detail: String
    /// ``BodyField/violatedPolicies``: names of the limits that the ask does not fit.
    public var violatedPolicies: [String]
    /// ``BodyField/retryAfterMs``: nil if the ask never fits, or the time is unknown.
    public var retryAfterMs: Int?
    /// ``BodyField/limits``: what is left.
    public var limits: LimitsObject?
    /// ``BodyField/overUse``: denied by the process's share of the limits, without the ledger.
    public var overUse: OverUseObject?
    /// ``BodyField/field``: the invalid field; within a plan its path, such as `limits[1].amount`.
    public var field: String?
    /// ``BodyField/id``: the execution in question.
    public var id: String?

    public init(
        _ type: ProblemType, detail: String, violatedPolicies: [String] = [], retryAfterMs: Int? = nil,
        limits: LimitsObject? = nil, overUse: OverUseObject? = nil, field: BodyField? = nil,
        id: String? = nil
    ) {
        self.type = type
        self.detail = detail
        self.violatedPolicies = violatedPolicies
        self.retryAfterMs = retryAfterMs
        self.limits = limits
        self.overUse = overUse
        self.field = field.map { String(describing: $0.name) }
        self.id = id
    }

    /// The problem for a body that cannot be read.
    public init(_ error: BodyError) {
        switch error {
        case .malformedJSON: self.init(.malformedJSON, detail: "\(error)")
        case .malformedField(let field, _, _): self.init(.malformedField, detail: "\(error)", field: field)
        }
    }

    private static let fields: [BodyField] = [
        .type, .title, .status, .detail, .violatedPolicies, .retryAfterMs, .limits, .overUse, .field, .id,
    ]

    /// Reads a problem of this service. `title` and `status` follow from `type` and are not
    /// compared; an unknown `type` is an error.
    public init(from reader: inout JSONReader) throws(BodyError) {
        var (uri, detail): (String?, String?)
        self.init(.internalError, detail: "")
        var seen = FieldSet()
        try reader.beginFields()
        while let name = try reader.nextField(of: Self.fields, seen: &seen) {
            switch name {
            case .type: uri = try reader.text(name)
            case .detail: detail = try reader.text(name)
            case .violatedPolicies:
                violatedPolicies = try reader.array(name) { reader throws(BodyError) in try reader.text(.name)
                }
            case .retryAfterMs: retryAfterMs = try reader.integer(name)
            case .limits: limits = try reader.body(name, as: LimitsObject.self)
            case .overUse: overUse = try reader.body(name, as: OverUseObject.self)
            case .field: field = try reader.text(name)
            case .id: id = try reader.text(name)
            default: try reader.skipField()
            }
        }
        guard let uri else { throw .missing(.type, among: seen) }
        guard let known = ProblemType(uri: uri) else {
            throw .malformedField(.type, bound: "a problem type of this service", found: uri)
        }
        self.type = known
        self.detail = detail ?? ""
    }

    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.name(BodyField.type.name)
        writer.value(type.uri)
        writer.name(BodyField.title.name)
        writer.value(type.title)
        writer.member(.status, type.status)
        writer.member(.detail, detail)
        if !violatedPolicies.isEmpty {
            writer.name(BodyField.violatedPolicies.name)
            writer.beginArray()
            for policy in violatedPolicies { writer.value(policy) }
            writer.endArray()
        }
        writer.member(.retryAfterMs, ifPresent: retryAfterMs)
        if let limits {
            writer.name(BodyField.limits.name)
            limits.write(to: &writer)
        }
        if let overUse { writer.degraded(overUse) }
        // A client's own name that breaks the rule is left out; `detail` has to do.
        writer.member(.field, ifPresent: field.flatMap { BodyField.field.rule.allows($0) ? $0 : nil })
        writer.member(.id, ifPresent: id)
        writer.endObject()
    }
}
