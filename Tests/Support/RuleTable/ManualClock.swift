// A ledger's clock that stands still until the test moves it.

public import Accounting
import Synchronization

public final class ManualClock: Sendable {
    private let instant: Mutex<Timestamp>

    public init(_ instant: Timestamp = Scenario.beginning) { self.instant = Mutex(instant) }

    public var now: Timestamp {
        get { instant.withLock { $0 } }
        set { instant.withLock { $0 = newValue } }
    }

    public func advance(byMs ms: Int) { instant.withLock { $0 = $0 + ms } }
}
