// The RateLimit and RateLimit-Policy fields of draft-ietf-httpapi-ratelimit-headers-11, which are
// Structured Fields (RFC 9651), and Retry-After (RFC 9110). All three count whole seconds. This
// file decides how milliseconds are rounded: always so that a client which follows the field is not
// denied because of it.

/// One limit in `RateLimit-Policy`: `"executions";q=6000;w=60`.
public struct RateLimitPolicy: Hashable, Sendable {
    /// The limit's name. Characters that a Structured Field cannot hold (all but printable ASCII)
    /// are written as `%` and two hexadecimal digits for each of their bytes.
    public var name: String
    /// `q`, the most that fits within one window: 0 to 2^53-1. Structured Fields have at most 15
    /// digits, so more than 999,999,999,999,999 is written as that.
    public var quota: Int
    /// `w`, the window, in ms, at least 1. The draft has only whole seconds above 0, so it is
    /// rounded **up**: a client that keeps to the quota over 61 s also keeps to it over 60.5 s, but
    /// not the other way round.
    public var windowMs: Int
    /// `qu`, the unit; nil for the draft's default, `requests`. No registered unit fits execution
    /// time, so Stint uses ``executionMs``.
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

/// Both fields for the limits of one plan. Made once per plan; writing a reply's `RateLimit`
/// allocates nothing.
public struct RateLimitFields: Sendable {
    /// The value of `RateLimit-Policy`: `"executions";q=6000;w=60`. Empty without policies; then
    /// neither field may be sent, because the draft has no empty list.
    public let policyValue: [UInt8]
    /// For each policy, the beginning of its item in `RateLimit`: `"executions";r=`.
    private let itemHeads: [[UInt8]]

    /// - Parameter policies: the limits, in the order of the fields' items.
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

    /// Whether there is no policy.
    public var isEmpty: Bool { itemHeads.isEmpty }

    /// Appends one item of `RateLimit`, such as `"executions";r=5312;t=7`. Call it for each policy
    /// in order; it writes the comma between two items.
    ///
    /// `t` is "the number of seconds within which the client can use no more than the available
    /// quota". It is rounded **up**, so that after `t` seconds more is available, and it is at most
    /// `Retry-After`, which by the draft must not be earlier. It is missing if nothing is used:
    /// then nothing will come back.
    ///
    /// - Parameters:
    ///   - index: the policy's index in ``init(_:)``.
    ///   - available: `r`, what is left, in the policy's unit: 0 to 2^53-1, written with up to 15
    ///     digits.
    ///   - growsAfterMs: the time until `available` next grows; nil if nothing is used.
    ///   - retryAfterMs: the `Retry-After` of the same reply, if it has one.
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

    /// Clamps to the integers of a Structured Field that are not negative: both `q` and `r` are
    /// counts.
    private static func integer(_ value: Int) -> Int {
        min(max(value, 0), 999_999_999_999_999)
    }
}

/// Whole seconds, as HTTP counts them.
public enum Seconds {
    /// The value of `Retry-After`, `w` and `t`: `milliseconds` rounded up, at least 1. A client
    /// that waits this long has waited long enough, and none comes back at once.
    public static func roundedUp(milliseconds: Int) -> Int {
        guard milliseconds > 1000 else { return 1 }
        return (milliseconds - 1) / 1000 + 1
    }

    /// `60 s`, or `60500 ms` if it is not whole seconds. For people.
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
