// Executions that are running, by the instant at which they end.

import HeapModule

/// The one that ends first is on top; of those that end together, the one that began first.
package struct RunningExecutions<Execution> {
    private struct Entry: Comparable {
        let end: Int
        /// How many began before it.
        let place: Int
        let execution: Execution

        static func < (one: Entry, other: Entry) -> Bool { (one.end, one.place) < (other.end, other.place) }
        static func == (one: Entry, other: Entry) -> Bool { one.place == other.place }
    }

    private var heap = Heap<Entry>()
    private var begun = 0

    package init() {}

    package var count: Int { heap.count }
    /// When the next one ends; nil when none is running.
    package var nextEnd: Int? { heap.min?.end }

    package mutating func start(_ execution: Execution, until end: Int) {
        heap.insert(Entry(end: end, place: begun, execution: execution))
        begun += 1
    }

    /// Takes the one that ends first, if that is at `now` or before.
    package mutating func end(by now: Int) -> (end: Int, execution: Execution)? {
        guard let first = heap.min, first.end <= now else { return nil }
        heap.removeMin()
        return (first.end, first.execution)
    }
}
