// Running executions, by the instant at which they end.

import HeapModule

/// A heap with the execution that ends first on top; of those that end together, the one that
/// started first.
package struct RunningExecutions<Execution> {
    private struct Entry: Comparable {
        let end: Int
        /// The number of executions that started before it.
        let place: Int
        let execution: Execution

        static func < (one: Entry, other: Entry) -> Bool { (one.end, one.place) < (other.end, other.place) }
        static func == (one: Entry, other: Entry) -> Bool { one.place == other.place }
    }

    private var heap = Heap<Entry>()
    private var begun = 0

    package init() {}

    package var count: Int { heap.count }
    /// When the next one ends; nil if none is running.
    package var nextEnd: Int? { heap.min?.end }

    package mutating func start(_ execution: Execution, until end: Int) {
        heap.insert(Entry(end: end, place: begun, execution: execution))
        begun += 1
    }

    /// Removes the execution that ends first, if it ends at `now` or before.
    package mutating func end(by now: Int) -> (end: Int, execution: Execution)? {
        guard let first = heap.min, first.end <= now else { return nil }
        heap.removeMin()
        return (first.end, first.execution)
    }
}
