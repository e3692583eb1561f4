// Executions that are running, by the instant at which they end.

/// A binary heap: the one that ends first is on top; of those that end together, the one that began
/// first.
package struct RunningExecutions<Execution> {
    private struct Entry {
        let end: Int
        /// How many began before it.
        let place: Int
        let execution: Execution

        func isBefore(_ other: Entry) -> Bool { (end, place) < (other.end, other.place) }
    }

    private var heap: [Entry] = []
    private var begun = 0

    package init() {}

    package var count: Int { heap.count }
    /// When the next one ends; nil when none is running.
    package var nextEnd: Int? { heap.first?.end }

    package mutating func start(_ execution: Execution, until end: Int) {
        heap.append(Entry(end: end, place: begun, execution: execution))
        begun += 1
        var child = heap.count - 1
        while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Takes the one that ends first, if that is at `now` or before.
    package mutating func end(by now: Int) -> (end: Int, execution: Execution)? {
        guard let first = heap.first, first.end <= now else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].isBefore(heap[least]) { least = child }
            }
            guard least != parent else { return (first.end, first.execution) }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
