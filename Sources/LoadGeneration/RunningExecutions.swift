// The executions of one account that are running in virtual time, by the instant at which they end.

import Accounting

/// A binary heap: the one that ends first is on top; of those that end together, the one that began first.
struct RunningExecutions {
    struct Execution: Equatable {
        let end: Timestamp
        let grant: Grant
        /// The account's rows before it.
        let place: Int
        let durationMs: Int

        func isBefore(_ other: Execution) -> Bool { (end, place) < (other.end, other.place) }
    }

    private var heap: [Execution] = []

    mutating func start(_ execution: Execution) {
        heap.append(execution)
        var child = heap.count - 1
        while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Takes the one that ends first, if that is at `now` or before.
    mutating func end(by now: Timestamp) -> Execution? {
        guard let first = heap.first, first.end <= now else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].isBefore(heap[least]) { least = child }
            }
            guard least != parent else { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
