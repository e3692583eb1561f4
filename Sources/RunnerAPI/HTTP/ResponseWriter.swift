// Writes replies as bytes: first the body, then the head with its length, then both into the
// output buffer. It knows HTTP; the contents come from `DecisionResponse` and `RequestError`.

import Access
import Accounting
import NIOCore
import WireFormat

/// The writer of one event loop, which reuses its memory for every reply.
struct ResponseWriter {
    /// The form of a reply that its request asks for.
    struct Form {
        /// No body, but the head that would precede it.
        var isHead = false
        /// `Connection: close`
        var closes = false
        /// `Connection: keep-alive`, for HTTP/1.0.
        var keepsOldConnection = false
    }

    /// The replies that wait to be sent.
    var out = ByteBuffer()
    /// The body of the current reply.
    var body = JSONWriter()
    /// The value of the current header field.
    private var value: [UInt8] = []
    /// The header fields of the plans used since the last change of plans; at most
    /// ``maximumPlanHeaders``.
    private var planHeadersCache: [ObjectIdentifier: PlanHeaders] = [:]
    static let maximumPlanHeaders = 4_096
    private var latest: PlanHeaders?
    private let includesTime: Bool
    private let metrics: ServerMetrics

    /// - Parameters:
    ///   - includesTime: whether the `RateLimit` fields include the limits of execution time.
    ///   - metrics: counts the replies.
    init(includesTime: Bool, metrics: ServerMetrics) {
        self.includesTime = includesTime
        self.metrics = metrics
    }

    // MARK: Parts of a head, in their order

    /// Writes the status line and the fields that describe ``body``, which must be complete.
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

    /// Writes `RateLimit-Policy` and `RateLimit`, unless the plan has no limit for them.
    /// - Parameters:
    ///   - standing: the account's standing.
    ///   - retryAfterMs: the wait in the same reply, in ms; nil: none.
    mutating func rateLimit(_ standing: Standing, retryAfterMs: Int?) {
        let plan = planHeaders(of: standing.plan)
        guard !plan.fields.isEmpty else { return }
        out.writeStaticString(HeaderName.rateLimitPolicy)
        out.writeStaticString(": ")
        out.writeBytes(plan.fields.policyValue)
        out.writeStaticString("\r\n")
        value.removeAll(keepingCapacity: true)
        for (item, limit) in plan.limits.enumerated() {
            // An over-used limit has nothing left until much has left its window: not before the
            // retry, if that is known.
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

    /// Writes the rest of the head, and the body.
    mutating func end(_ form: Form) {
        if form.closes {
            out.writeStaticString("Connection: close\r\n")
        } else if form.keepsOldConnection {
            out.writeStaticString("Connection: keep-alive\r\n")
        }
        out.writeStaticString("\r\n")
        if !form.isHead { out.writeBytes(body.bytes) }
    }

    // MARK: Whole error replies

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

    /// The number of cached plans; for tests.
    var planHeadersCount: Int { planHeadersCache.count }

    /// The plans have changed: prepares the default plan, which most accounts have, and drops the
    /// others until a reply needs them.
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
