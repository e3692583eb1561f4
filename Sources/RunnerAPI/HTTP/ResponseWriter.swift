// Writes replies as bytes: first a body, then the head that tells its length, then both into the
// buffer that goes out. It knows HTTP; what a reply says is in `DecisionResponse` and
// `RequestError`.

import Access
import Accounting
import NIOCore
import WireFormat

/// One event loop's reply writer; its memory is used again for every reply.
struct ResponseWriter {
    /// What the request says about the form of its reply.
    struct Form {
        /// The head alone, as if there were a body.
        var isHead = false
        /// `Connection: close`
        var closes = false
        /// `Connection: keep-alive`, for HTTP/1.0.
        var keepsOldConnection = false
    }

    /// The replies that wait to be sent.
    var out = ByteBuffer()
    /// The body of the reply in the making.
    var body = JSONWriter()
    /// The value of a header field in the making.
    private var value: [UInt8] = []
    /// Of the plans in replies since the plans changed; at most ``maximumPlanHeaders``.
    private var planHeadersCache: [ObjectIdentifier: PlanHeaders] = [:]
    static let maximumPlanHeaders = 4_096
    private var latest: PlanHeaders?
    private let includesTime: Bool
    private let metrics: ServerMetrics

    /// - Parameter includesTime: whether the `RateLimit` fields have the limits of execution time.
    init(includesTime: Bool, metrics: ServerMetrics) {
        self.includesTime = includesTime
        self.metrics = metrics
    }

    // MARK: Parts of a head, in the order they are written

    /// The status line and what says what the body is; ``body`` is complete.
    mutating func begin(_ status: Status) {
        metrics.count(status)
        out.writeStaticString(status.line)
        out.writeStaticString(
            status.rawValue < 400
                ? "Content-Type: application/json\r\nContent-Length: "
                : "Content-Type: application/problem+json\r\nContent-Length: ")
        out.write(decimal: body.bytes.count)
        out.writeStaticString("\r\n")
    }

    mutating func field(_ name: StaticString, _ text: StaticString) {
        out.writeStaticString(name)
        out.writeStaticString(": ")
        out.writeStaticString(text)
        out.writeStaticString("\r\n")
    }

    mutating func field(_ name: StaticString, _ number: Int) {
        out.writeStaticString(name)
        out.writeStaticString(": ")
        out.write(decimal: number)
        out.writeStaticString("\r\n")
    }

    /// `RateLimit-Policy` and `RateLimit`, unless there is no limit to tell.
    /// - Parameter retryAfterMs: the wait that the same reply tells.
    mutating func rateLimit(_ standing: Standing, retryAfterMs: Int?) {
        let plan = planHeaders(of: standing.plan)
        guard !plan.fields.isEmpty else { return }
        out.writeStaticString(HeaderName.rateLimitPolicy)
        out.writeStaticString(": ")
        out.writeBytes(plan.fields.policyValue)
        out.writeStaticString("\r\n")
        value.removeAll(keepingCapacity: true)
        for (item, limit) in plan.limits.enumerated() {
            // What is over-used has nothing to give until much of it has left: as late as the
            // retry, if known.
            let isOverused = standing.used(of: limit) > standing.plan.limits[limit].amount
            plan.fields.appendItem(
                item, available: standing.remaining(of: limit),
                growsAfterMs: isOverused ? retryAfterMs : standing.usage(of: limit).oldestLeavesInMs,
                retryAfterMs: retryAfterMs, to: &value)
        }
        out.writeStaticString(HeaderName.rateLimit)
        out.writeStaticString(": ")
        out.writeBytes(value)
        out.writeStaticString("\r\n")
    }

    /// The rest of the head, and the body.
    mutating func end(_ form: Form) {
        if form.closes {
            out.writeStaticString("Connection: close\r\n")
        } else if form.keepsOldConnection {
            out.writeStaticString("Connection: keep-alive\r\n")
        }
        out.writeStaticString("\r\n")
        if !form.isHead { out.writeBytes(body.bytes) }
    }

    // MARK: Whole replies that are no decisions

    mutating func write(_ error: RequestError, _ form: Form) {
        write(
            error.problem, form, allow: error.allow, retryAfterSeconds: error.retryAfterSeconds,
            challenge: error.challenge)
    }

    mutating func write(
        _ problem: Problem, _ form: Form, allow: StaticString? = nil, retryAfterSeconds: Int? = nil,
        challenge: String? = nil
    ) {
        body.removeAll()
        problem.write(to: &body)
        begin(Status(rawValue: problem.type.status) ?? .internalServerError)
        if let retryAfterSeconds { field(HeaderName.retryAfter, retryAfterSeconds) }
        if let allow { field("Allow", allow) }
        if let challenge {
            out.writeStaticString("WWW-Authenticate: ")
            out.writeString(challenge)
            out.writeStaticString("\r\n")
        }
        end(form)
    }

    mutating func writeContinue() { out.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n") }

    // MARK: Plans

    private mutating func planHeaders(of plan: Plan) -> PlanHeaders {
        if let latest, latest.plan === plan { return latest }
        if let known = planHeadersCache[ObjectIdentifier(plan)] {
            latest = known
            return known
        }
        let made = PlanHeaders(plan, includesTime: includesTime)
        if planHeadersCache.count >= Self.maximumPlanHeaders {
            planHeadersCache.removeAll(keepingCapacity: true)
        }
        planHeadersCache[ObjectIdentifier(plan)] = made
        latest = made
        return made
    }

    /// How many plans are prepared now; for tests.
    var planHeadersCount: Int { planHeadersCache.count }

    /// The plans have changed: prepares the one that most accounts have, and forgets the others
    /// until somebody has them.
    mutating func replace(plans: PlanBook) {
        planHeadersCache = [:]
        latest = nil
        _ = planHeaders(of: plans.defaultPlan)
    }
}

extension ByteBuffer {
    /// - Parameter number: 0 or more.
    fileprivate mutating func write(decimal number: Int) {
        var unit = 1
        while number / unit >= 10 { unit *= 10 }
        while unit > 0 {
            writeInteger(UInt8(ascii: "0") + UInt8(number / unit % 10))
            unit /= 10
        }
    }
}
