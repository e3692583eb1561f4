// When the requests of an open loop are due. Each time is computed from the request's number, so
// errors do not add up.

/// A constant rate. Each lane sends every `lanes`-th request.
struct Schedule: Sendable {
    private let perSecond: Int
    private let lanes: Int
    /// The number of the next request among those of all lanes.
    private var number: Int

    /// - Parameters:
    ///   - perSecond: the requests of all lanes together, at least 1.
    ///   - lane: 0 to `lanes` - 1.
    ///   - lanes: how many there are.
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
