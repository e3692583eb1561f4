// The RateLimit and RateLimit-Policy fields of draft-ietf-httpapi-ratelimit-headers-11, which are
// Structured Fields (RFC 9651), and Retry-After (RFC 9110). All three count whole seconds; this
// file decides which way milliseconds are rounded: always so that a client which believes the field
// is not refused for it.

/// One limit as `RateLimit-Policy` tells it: `"executions";q=6000;w=60`.
public struct RateLimitPolicy: Hashable, Sendable {
    /// The limit's name. Characters a Structured Field cannot hold (all but printable ASCII) are
    /// written as `%` and two hexadecimal digits for each of their bytes.
    public var name: String
    /// `q`, the most that fits into one window: 0 to 2^53-1. Structured Fields end at 15 digits, so
    /// more than 999,999,999,999,999 is told as that.
    public var quota: Int
    /// `w`, the window, in ms, at least 1. The draft has whole seconds above 0 only, so it is
    /// rounded **up**: a client that keeps to the quota over 61 s also keeps to it over 60.5 s, and
    /// not the other way round.
    public var windowMs: Int
    /// `qu`, what is counted; nil for the draft's default, `requests`. No registered unit fits
    /// execution time, so ours is ``executionMs``.
    public var unit: String?

    /// The unit of a limit of execution time: milliseconds. Not in the draft's registry.
    public static let executionMs = "execution-ms"

    public init(name: String, quota: Int, windowMs: Int, unit: String? = nil) {
        self.name = name
        self.quota = quota
        self.windowMs = windowMs
        self.unit = unit
    }
}

/// Both fields for the limits of one plan. Made once for a plan; writing a reply's `RateLimit`
/// allocates nothing.
public struct RateLimitFields: Sendable {
    /// The value of `RateLimit-Policy`: `"executions";q=6000;w=60`. Empty without policies; then
    /// neither field may be sent, since the draft has no empty list.
    public let policyValue: [UInt8]
    /// For each policy, what its item of `RateLimit` begins with: `"executions";r=`.
    private let itemHeads: [[UInt8]]

    /// - Parameter policies: the limits to tell, in the order of the fields' items.
    public init(_ policies: [RateLimitPolicy]) {
        var value: [UInt8] = []
        itemHeads = policies.map { policy in
            if !value.isEmpty { value.append(", ") }
            value.append(structured: policy.name)
            value.append(";q=")
            value.append(decimal: Self.integer(policy.quota))
            if let unit = policy.unit {
                value.append(";qu=")
                value.append(structured: unit)
            }
            value.append(";w=")
            value.append(decimal: Seconds.roundedUp(milliseconds: policy.windowMs))

            var head: [UInt8] = []
            head.append(structured: policy.name)
            head.append(";r=")
            return head
        }
        policyValue = value
    }

    /// Whether there is nothing to tell.
    public var isEmpty: Bool { itemHeads.isEmpty }

    /// Appends one item of `RateLimit`, such as `"executions";r=5312;t=7`. Call it for each policy
    /// in order; it puts the comma between two items.
    ///
    /// `t` is "the number of seconds within which the client can use no more than the available
    /// quota". It is rounded **up**, so that after `t` seconds there really is more, and it is cut
    /// at `Retry-After`, which by the draft must not be earlier. It is missing when nothing is
    /// used: then nothing will come back.
    ///
    /// - Parameters:
    ///   - index: the policy's place in ``init(_:)``.
    ///   - available: `r`, what is left, in the policy's unit: 0 to 2^53-1, told up to 15 digits.
    ///   - growsAfterMs: the time until `available` next grows; nil if it is all there.
    ///   - retryAfterMs: the wait that the same reply tells, if it tells one.
    ///   - bytes: the field's value so far.
    public func appendItem(
        _ index: Int, available: Int, growsAfterMs: Int?, retryAfterMs: Int? = nil, to bytes: inout [UInt8]
    ) {
        if index > 0 { bytes.append(", ") }
        bytes.append(contentsOf: itemHeads[index])
        bytes.append(decimal: Self.integer(available))
        guard let growsAfterMs else { return }
        let untilMs = min(growsAfterMs, retryAfterMs ?? growsAfterMs)
        bytes.append(";t=")
        bytes.append(decimal: Seconds.roundedUp(milliseconds: untilMs))
    }

    /// The range of a Structured Field's integer, without the negative half: both `q` and `r` are
    /// counts.
    private static func integer(_ value: Int) -> Int {
        min(max(value, 0), 999_999_999_999_999)
    }
}

/// Whole seconds, as HTTP counts them.
public enum Seconds {
    /// The value of `Retry-After`, and of `w` and `t`: `milliseconds` rounded up, at least 1. A
    /// client that waits this long has waited long enough, and none is told to come back at once.
    public static func roundedUp(milliseconds: Int) -> Int {
        guard milliseconds > 1000 else { return 1 }
        return (milliseconds - 1) / 1000 + 1
    }

    /// `60 s`, or `60500 ms` where it is not whole seconds. For people.
    public static func text(milliseconds: Int) -> String {
        milliseconds.isMultiple(of: 1_000) ? "\(milliseconds / 1_000) s" : "\(milliseconds) ms"
    }
}

extension [UInt8] {
    /// Appends a Structured Field string: printable ASCII in quotes, `"` and `\` escaped.
    fileprivate mutating func append(structured text: String) {
        append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                append(UInt8(ascii: "\\"))
                append(byte)
            case 0x20...0x7E: append(byte)
            default:
                append(UInt8(ascii: "%"))
                append(hexadecimal: byte)
            }
        }
        append(UInt8(ascii: "\""))
    }
}
