// What is still to happen in a simulation, by time. What is due at one instant happens in the order
// in which it was put down; the simulation's delays do the reordering.

struct Agenda<Event> {
    /// The next one is last.
    private var entries: [(at: Int, event: Event)] = []

    mutating func add(_ event: Event, at instant: Int) {
        var index = entries.count
        while index > 0, entries[index - 1].at <= instant { index -= 1 }
        entries.insert((instant, event), at: index)
    }

    mutating func next() -> (at: Int, event: Event)? { entries.popLast() }
}
