// What a load asks for: a sequence of executions that its seed decides.

import Randomness

/// The executions of one lane of a load, in the order in which they are asked for.
public struct Workload: Sendable {
    public struct Execution: Hashable, Sendable {
        /// 0 to `accounts` - 1.
        public let account: Int
        /// What it takes, ms.
        public let durationMs: Int
    }

    private let accounts: AccountSampler
    private let durations: Durations
    private var random: SplitMix64

    /// - Parameters:
    ///   - accounts: at least 1.
    ///   - lane: sequences of different lanes have nothing to do with each other.
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
