// What the control plane shows and changes; the composition root hands it over.

public import Accounting
public import ControlStore
public import Prometheus
import WireFormat

public struct ControlPlane: Sendable {
    public let metrics: PrometheusMetrics
    /// Asked by `/readyz` each time.
    public let readiness: @Sendable () async -> Readiness
    /// Nil when the ledger is in memory: then what needs them is answered 501.
    public let controlStore: ControlStore?
    /// Nil when the ledger is in memory.
    public let ledger: LedgerAccess?
    /// The bound on accounts that become known; nil takes any number.
    public let newAccounts: NewAccounts?
    /// This process's clock, for what the ledger's does not say.
    public let clock: @Sendable () -> Timestamp
    /// The plans in force; asked once per request.
    public let planBook: @Sendable () -> PlanBook
    /// To be called after a change of plans; when it returns, the change is in force in this
    /// process, if Redis answers.
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

    /// For routes that need them.
    var neededControlStore: ControlStore {
        get throws(Problem) {
            guard let controlStore else {
                throw Problem(
                    .needsRedis, detail: "with --ledger memory nothing is kept; start Stint with Redis")
            }
            return controlStore
        }
    }

    /// For routes that look into the ledger.
    var neededLedger: LedgerAccess {
        get throws(Problem) {
            guard let ledger else {
                throw Problem(
                    .needsRedis, detail: "with --ledger memory nobody can look; start Stint with Redis")
            }
            return ledger
        }
    }
}
