// When the requests of an open loop are due. Each instant is computed from its number, so errors do
// not add up.

/// A constant rate, of which a lane takes every `lanes`-th request.
struct Schedule: Sendable {
    private let perSecond: Int
    private let lanes: Int
    /// The number of the next request among those of all lanes.
    private var number: Int

    /// - Parameter perSecond: requests of all lanes together, at least 1.
    init(perSecond: Int, lane: Int = 0, lanes: Int = 1) {
        precondition(perSecond > 0 && lanes > 0)
        self.perSecond = perSecond
        self.lanes = lanes
        number = lane
    }

    /// ns from the start to the next request: its number divided by the rate, rounded down.
    var next: Int {
        number / perSecond * 1_000_000_000 + number % perSecond * 1_000_000_000 / perSecond
    }

    mutating func advance() { number += lanes }
}
