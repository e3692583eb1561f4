// The future events of a simulation, by time. Events of one instant happen in the order in which
// they were added; the simulation's delays reorder them.

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
