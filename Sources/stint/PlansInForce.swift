// The plans of a process without Redis, as its parts read them: one snapshot, replaced whole. With Redis `PlanWatch` has them.

import Accounting
import Synchronization

final class PlansInForce: Sendable {
    private let kept: Mutex<PlanBook>

    init(_ book: PlanBook) { kept = Mutex(book) }

    var book: PlanBook {
        get { kept.withLock { $0 } }
        set { kept.withLock { $0 = newValue } }
    }
}
