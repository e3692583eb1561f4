// The executions of a load: a sequence that its seed determines.

import Randomness

/// The executions of one lane of a load, in order.
public struct Workload: Sendable {
    public struct Execution: Hashable, Sendable {
        /// 0 to `accounts` - 1.
        public let account: Int
        /// Its duration, in ms.
        public let durationMs: Int
    }

    private let accounts: AccountSampler
    private let durations: Durations
    private var random: SplitMix64

    /// - Parameters:
    ///   - accounts: how many, at least 1.
    ///   - skew: the distribution over the accounts.
    ///   - durations: the distribution of durations.
    ///   - seed: the same seed gives the same sequence.
    ///   - lane: the lane's number; the sequences of lanes are independent.
    public init(accounts: Int, skew: Skew, durations: Durations, seed: UInt64, lane: Int = 0) {
        self.accounts = AccountSampler(count: accounts, skew: skew)
        self.durations = durations
        var seeds = SplitMix64(seed: seed)
        for _ in 0..<lane { _ = seeds.next() }
        random = SplitMix64(seed: seeds.next())
    }

    public mutating func next() -> Execution {
        let account = accounts.next(using: &random)
        return Execution(account: account, durationMs: durations.next(using: &random))
    }
}
