// The reply to a peek: the account's standing against every limit of its plan. A peek writes
// nothing.

/// 200 to `GET /v1/accounts/{account}/limits`.
///
/// ```json
/// {"account":"acme:prod","plan":"serverless","policies":[
///   {"name":"execution-time","meter":"execution-time","amount":600000,"used":10000,
///    "remaining":590000,"windowMs":60000}],
///  "limits":{"executionsRemaining":5999,"timeRemaining":590000},"suggestedIntervalMs":0}
/// ```
/// Units and bounds: ``BodyField``.
public struct StandingBody: WireBody {
    /// ``BodyField/account``.
    public var account: String
    /// ``BodyField/plan``.
    public var plan: String
    /// ``BodyField/policies``: every limit of the plan, in the plan's order.
    public var policies: [PolicyStanding]
    /// ``BodyField/limits``: the same, summed up as in every other reply.
    public var limits: LimitsObject
    /// ``BodyField/suggestedIntervalMs``: nil if an older service replied.
    public var suggestedIntervalMs: Int?

    public init(
        account: String, plan: String, policies: [PolicyStanding], limits: LimitsObject,
        suggestedIntervalMs: Int? = nil
    ) {
        self.account = account
        self.plan = plan
        self.policies = policies
        self.limits = limits
        self.suggestedIntervalMs = suggestedIntervalMs
    }

    private static let fields: [BodyField] = [
        .account, .plan, .policies, .limits, .suggestedIntervalMs,
    ]

    public init(from reader: inout JSONReader) throws(BodyError) {
        var (account, plan): (String?, String?)
        var (policies, limits): ([PolicyStanding]?, LimitsObject?)
        var suggestedIntervalMs: Int?
        var seen = FieldSet()
        try reader.beginFields()
        while let field = try reader.nextField(of: Self.fields, seen: &seen) {
            switch field {
            case .account: account = try reader.text(field)
            case .plan: plan = try reader.text(field)
            case .policies:
                policies = try reader.array(field) { reader throws(BodyError) in
                    try reader.body(field, as: PolicyStanding.self)
                }
            case .limits: limits = try reader.body(field, as: LimitsObject.self)
            case .suggestedIntervalMs: suggestedIntervalMs = try reader.integer(field)
            default: try reader.skipField()
            }
        }
        guard let account else { throw .missing(.account, among: seen) }
        guard let plan else { throw .missing(.plan, among: seen) }
        guard let policies else { throw .missing(.policies, among: seen) }
        guard let limits else { throw .missing(.limits, among: seen) }
        self.init(
            account: account, plan: plan, policies: policies, limits: limits,
            suggestedIntervalMs: suggestedIntervalMs)
    }

    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member(.account, account)
        writer.member(.plan, plan)
        writer.name(BodyField.policies.name)
        writer.beginArray()
        for policy in policies { policy.write(to: &writer) }
        writer.endArray()
        writer.name(BodyField.limits.name)
        limits.write(to: &writer)
        writer.member(.suggestedIntervalMs, ifPresent: suggestedIntervalMs)
        writer.endObject()
    }
}
