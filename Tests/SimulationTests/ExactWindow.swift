// One limit of one account, decided exactly: an oracle that is fast enough for long recordings.
// (`SlidingLog` covers several limits, grants and settlements.)

/// The admissions within one window, and their sum. Time never steps back here.
struct ExactWindow {
    let lengthMs: Int
    let amount: Int
    /// The sum of what was admitted less than a window ago.
    private(set) var used = 0
    private var admissions: [(at: Int, cost: Int)] = []
    /// The first admission that is still inside.
    private var first = 0

    init(lengthMs: Int, amount: Int) {
        self.lengthMs = lengthMs
        self.amount = amount
    }

    /// Lets go what is a whole window old at `t`.
    mutating func advance(to t: Int) {
        while first < admissions.count, admissions[first].at + lengthMs <= t {
            used -= admissions[first].cost
            first += 1
        }
    }

    func fits(_ cost: Int) -> Bool { used + cost <= amount }

    mutating func admit(_ cost: Int, at t: Int) {
        admissions.append((t, cost))
        used += cost
    }

    /// What has left by `t` and shares its cell of `cellMs` with the edge of the window: all that a
    /// cell may hold back.
    func mayLinger(at t: Int, cellMs: Int) -> Int {
        var sum = 0
        var index = first - 1
        while index >= 0, admissions[index].at / cellMs == (t - lengthMs) / cellMs {
            sum += admissions[index].cost
            index -= 1
        }
        return sum
    }
}
