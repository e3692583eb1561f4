// What the control plane shows and changes, from the composition root.

public import Accounting
public import ControlStore
public import Prometheus
import WireFormat

public struct ControlPlane: Sendable {
    public let metrics: PrometheusMetrics
    /// Called for each `/readyz`.
    public let readiness: @Sendable () async -> Readiness
    /// Nil if the ledger is in memory: then the routes that need it answer 501.
    public let controlStore: ControlStore?
    /// Nil if the ledger is in memory.
    public let ledger: LedgerAccess?
    /// The bound on new accounts; nil: no bound.
    public let newAccounts: NewAccounts?
    /// This process's clock, used where the ledger's clock is not available.
    public let clock: @Sendable () -> Timestamp
    /// The plans in force. Called once per request.
    public let planBook: @Sendable () -> PlanBook
    /// Call it after a change of plans. When it returns, the change is in force in this process, if
    /// Redis answers.
    public let plansChanged: @Sendable () async -> Void

    public init(
        metrics: PrometheusMetrics, readiness: @escaping @Sendable () async -> Readiness,
        controlStore: ControlStore? = nil, ledger: LedgerAccess? = nil, newAccounts: NewAccounts? = nil,
        clock: @escaping @Sendable () -> Timestamp, planBook: @escaping @Sendable () -> PlanBook,
        plansChanged: @escaping @Sendable () async -> Void = {}
    ) {
        self.metrics = metrics
        self.readiness = readiness
        self.controlStore = controlStore
        self.ledger = ledger
        self.newAccounts = newAccounts
        self.clock = clock
        self.planBook = planBook
        self.plansChanged = plansChanged
    }

    /// For routes that need the store.
    var neededControlStore: ControlStore {
        get throws(Problem) {
            guard let controlStore else {
                throw Problem(
                    .needsRedis, detail: "--ledger memory does not store this; start Stint with Redis")
            }
            return controlStore
        }
    }

    /// For routes that need the ledger.
    var neededLedger: LedgerAccess {
        get throws(Problem) {
            guard let ledger else {
                throw Problem(
                    .needsRedis, detail: "--ledger memory does not show this; start Stint with Redis")
            }
            return ledger
        }
    }
}
