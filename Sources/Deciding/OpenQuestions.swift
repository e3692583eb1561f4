// The number of questions without an answer from the ledger. It is a gauge of the whole process, so
// all event loops share one count.

import Synchronization

/// The questions of all desks that wait for an answer.
public final class OpenQuestions: Sendable {
    private let number = Atomic(0)

    public init() {}

    public var count: Int { number.load(ordering: .relaxed) }

    /// A question went to the ledger.
    func opened() { number.add(1, ordering: .relaxed) }

    /// The ledger answered.
    func closed() { number.subtract(1, ordering: .relaxed) }
}
