// Charges the ledger for what this process admitted without it, as soon as the ledger answers
// again.

import Accounting
import Logging
import Metrics
import RunnerAPI
import ServiceLifecycle

struct DebtService: Service {
    /// How often it looks whether there are debts, and how long it waits when the ledger did not
    /// answer.
    static let interval: Duration = .milliseconds(250)
    /// The most payments at once, so that a Redis that is back is not flooded.
    static let maximumAtOnce = 512
    /// The time for the rest at the end.
    static let endTimeout: Duration = .seconds(2)

    private let degraded: DegradedLedger
    private let runner: RunnerServer
    private let logger: Logger
    private let open: Metrics.Meter
    private let paid: Metrics.Counter

    /// - Parameters:
    ///   - degraded: has the debts.
    ///   - runner: has the ledgers.
    ///   - metrics: gets `stint_degraded_debts` and `stint_degraded_payments_total`.
    init(_ degraded: DegradedLedger, runner: RunnerServer, metrics: any MetricsFactory, logger: Logger) {
        self.degraded = degraded
        self.runner = runner
        self.logger = logger
        open = Metrics.Meter(label: "stint_degraded_debts", factory: metrics)
        open.set(0)
        paid = Counter(label: "stint_degraded_payments_total", factory: metrics)
        paid.increment(by: 0)
    }

    func run() async throws {
        var owed = 0
        while !Task.isShuttingDownGracefully {
            let before = degraded.debtCount
            if owed == 0, before > 0 {
                logger.warning("the ledger cannot answer: executions are admitted from this process's share")
            }
            owed = max(owed, before)
            try await pay(until: .now + Self.interval)
            let left = degraded.debtCount
            open.set(left)
            if owed > 0, left == 0 {
                logger.notice("the ledger is charged for all executions that were admitted without it")
                owed = 0
            }
            await pause(until: .now + Self.interval)
        }
    }

    /// Pays the rest before the ledgers close. What cannot be paid is lost with this process.
    func payRest() async throws {
        let deadline = ContinuousClock.now + Self.endTimeout
        while degraded.debtCount > 0, ContinuousClock.now < deadline {
            try await pay(until: deadline)
            try await Task.sleep(for: .milliseconds(10))
        }
        let left = degraded.debtCount
        guard left > 0 else { return }
        logger.error(
            "executions that were admitted without the ledger are not charged: it does not answer",
            metadata: ["executions": "\(left)"])
    }

    /// Pays until there is nothing to pay, the ledger does not answer, or `deadline`.
    private func pay(until deadline: ContinuousClock.Instant) async throws {
        while degraded.debtCount > 0, ContinuousClock.now < deadline {
            let (accepted, _) = try await runner.payDebts(Self.maximumAtOnce)
            paid.increment(by: accepted)
            // Those that failed come again after the others.
            if accepted == 0 { return }
        }
    }
}
