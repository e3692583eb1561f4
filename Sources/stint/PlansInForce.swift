// The plans of this process as its parts read them: one snapshot, replaced whole.

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
