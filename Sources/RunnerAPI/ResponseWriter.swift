// Writes replies as bytes: first a body, then the head that tells its length, then both into the
// buffer that goes out. Knows HTTP; what is said is `DecisionResponse`'s and `Rejection`'s
// business.

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
    /// Plans that were spoken of since they changed; at most ``maximumSpoken``.
    private var spoken: [ObjectIdentifier: SpokenPlan] = [:]
    static let maximumSpoken = 4_096
    private var latest: SpokenPlan?
    private let tellsTime: Bool
    private let tally: Tally

    init(tellsTime: Bool, tally: Tally) {
        self.tellsTime = tellsTime
        self.tally = tally
    }

    // MARK: Parts of a head, in the order they are written

    /// The status line and what says what the body is; ``body`` is complete.
    mutating func begin(_ status: Status) {
        tally.count(status)
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
        let plan = spokenPlan(standing.plan)
        guard !plan.fields.isEmpty else { return }
        out.writeStaticString(HeaderName.rateLimitPolicy)
        out.writeStaticString(": ")
        out.writeBytes(plan.fields.policyValue)
        out.writeStaticString("\r\n")
        value.removeAll(keepingCapacity: true)
        for (item, limit) in plan.toldLimits.enumerated() {
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

    mutating func write(_ rejection: Rejection, _ form: Form) {
        write(
            rejection.problem, form, allow: rejection.allow, retryAfterSeconds: rejection.retryAfterSeconds,
            challenge: rejection.challenge)
    }

    mutating func write(
        _ problem: Problem, _ form: Form, allow: StaticString? = nil, retryAfterSeconds: Int? = nil,
        challenge: Challenge? = nil
    ) {
        body.removeAll()
        problem.write(to: &body)
        begin(Status(rawValue: problem.type.status) ?? .internalServerError)
        if let retryAfterSeconds { field(HeaderName.retryAfter, retryAfterSeconds) }
        if let allow { field("Allow", allow) }
        if let challenge {
            out.writeStaticString("WWW-Authenticate: ")
            out.writeString(challenge.field)
            out.writeStaticString("\r\n")
        }
        end(form)
    }

    mutating func writeContinue() { out.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n") }

    // MARK: Plans

    private mutating func spokenPlan(_ plan: Plan) -> SpokenPlan {
        if let latest, latest.plan === plan { return latest }
        if let known = spoken[ObjectIdentifier(plan)] {
            latest = known
            return known
        }
        let made = SpokenPlan(plan, tellsTime: tellsTime)
        if spoken.count >= Self.maximumSpoken { spoken.removeAll(keepingCapacity: true) }
        spoken[ObjectIdentifier(plan)] = made
        latest = made
        return made
    }

    /// How many plans are prepared now; for tests.
    var spokenCount: Int { spoken.count }

    /// The plans have changed: prepares the one that most accounts have, and forgets the others
    /// until somebody has them.
    mutating func replace(plans: PlanBook) {
        spoken = [:]
        latest = nil
        _ = spokenPlan(plans.standard)
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
