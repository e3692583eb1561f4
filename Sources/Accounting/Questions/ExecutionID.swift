// The id of an execution within its account. It is validated once, where it enters, or made here.

/// Names one execution within its account: 1 to 64 bytes of `A-Z a-z 0-9 . _ -`.
public struct ExecutionID: Hashable, Sendable, CustomStringConvertible {
    public let name: String

    public static let rule = NameRule.identifier

    /// - Returns: nil if `name` breaks ``rule``.
    public init?(_ name: String) {
        guard Self.rule.allows(name) else { return nil }
        self.name = name
    }

    /// A new id of 15 characters with 90 random bits. It is short enough to need no allocation.
    /// Among a million executions held at once, two ids are equal with a probability of about 4 in
    /// 10^16.
    public init(using random: inout some RandomNumberGenerator) {
        let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        var high = random.next()
        var low = random.next()
        name = String(unsafeUninitializedCapacity: 15) { bytes in
            for index in 0..<15 {
                let bits = index < 8 ? Int(high & 63) : Int(low & 63)
                if index < 8 { high >>= 6 } else { low >>= 6 }
                bytes[index] = alphabet.utf8Start[bits]
            }
            return 15
        }
    }

    public var description: String { name }
}
