// What happened in simulations, counted: a thousand quiet ones would prove nothing.

struct Tally: CustomStringConvertible {
    enum Event: String, CaseIterable {
        case admitted, partialGrant, held, denied, settled, overrun, notHeld, settledTooLate
        case notApplied, unknownAndNotApplied, unknownAndApplied, appliedAfterItWasGivenUp
        case degraded, refused, lost, doubled, givenUp, vanished, crashed, reloaded, clockSet,
            chargedAndNotRun, chargedAfterItWasSettled
    }

    private var counts: [Event: Int] = [:]

    subscript(_ event: Event) -> Int { counts[event, default: 0] }

    mutating func count(_ event: Event, by number: Int = 1) { counts[event, default: 0] += number }

    static func += (sum: inout Tally, other: Tally) { sum.counts.merge(other.counts, uniquingKeysWith: +) }

    /// What never happened.
    var missing: [Event] { Event.allCases.filter { self[$0] == 0 } }

    var description: String { Event.allCases.map { "\($0.rawValue) \(self[$0])" }.joined(separator: ", ") }
}
