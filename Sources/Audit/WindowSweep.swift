// One limit of one account over time: the least that its window held at each admission. Between
// admissions a window only empties, so its fullest instants are admissions.

import Accounting
import WireFormat

struct WindowSweep {
    /// The fullest window: the least that it held, and when; nil without a charge.
    private(set) var fullest: (used: Int, at: Int)?
    private(set) var findings: [Finding] = []

    private let charges: [Charge]
    private let policy: PolicyStanding
    /// The least that counts of each charge from `first` on.
    private var counted: [Int] = []
    private var used = 0
    private var first = 0

    /// - Parameters:
    ///   - charges: the charges, by instant of admission.
    ///   - policy: the limit.
    init(_ charges: [Charge], _ policy: PolicyStanding) {
        self.charges = charges
        self.policy = policy
        counted.reserveCapacity(charges.count)
        // The lowerings of all charges, in reverse order, so that the next one is the last element.
        var lowerings: [(at: Int, ms: Int, charge: Int)] = []
        if policy.meter.choose(executions: false, executionTime: true) {
            for (index, charge) in charges.enumerated() {
                for lowering in charge.lowerings { lowerings.append((lowering.at, lowering.ms, index)) }
            }
            lowerings.sort { ($0.at, $0.charge) > ($1.at, $1.charge) }
        }
        var start = 0
        while start < charges.count {
            let t = charges[start].at
            let end = charges[start...].firstIndex { $0.at != t } ?? charges.count
            drop(at: t)
            while let next = lowerings.last, next.at < t {
                lowerings.removeLast()
                lower(next.charge, to: next.ms)
            }
            // A settlement that can be as early as this instant came after an admission at this
            // instant.
            let beforeSettling = used
            var own: [(at: Int, ms: Int, charge: Int)] = []
            while let next = lowerings.last, next.at == t {
                lowerings.removeLast()
                if next.charge < start { lower(next.charge, to: next.ms) } else { own.append(next) }
            }
            admit(start..<end, at: t, beforeSettling: beforeSettling)
            for lowering in own { lower(lowering.charge, to: lowering.ms) }
            start = end
        }
    }

    /// Drops charges that are a whole window old: at exactly one window they are outside.
    private mutating func drop(at t: Int) {
        while first < counted.count, charges[first].at + policy.windowMs <= t {
            used -= counted[first]
            first += 1
        }
    }

    private mutating func lower(_ index: Int, to ms: Int) {
        guard index >= first, ms < counted[index] else { return }
        used += ms - counted[index]
        counted[index] = ms
    }

    private func cost(of charge: Charge) -> Int {
        policy.meter.choose(executions: 1, executionTime: charge.grantedMs)
    }

    private func leastCost(of charge: Charge, at t: Int) -> Int {
        policy.meter.choose(executions: 1, executionTime: charge.leastMs(at: t))
    }

    /// Adds the admissions of one instant. Their order is unknown, and one may have been settled
    /// before another came. So each is checked against the charges before the instant, and all of
    /// them in the order that is best for Stint.
    private mutating func admit(_ indices: Range<Int>, at t: Int, beforeSettling: Int) {
        let before = used
        var (cheapest, dearest, sum, leastExtra) = (Int.max, 0, 0, Int.max)
        for charge in charges[indices] {
            let (cost, least) = (cost(of: charge), leastCost(of: charge, at: t))
            cheapest = min(cheapest, cost)
            dearest = max(dearest, cost)
            sum += least
            leastExtra = min(leastExtra, cost - least)
            counted.append(cost)
            used += cost
            checkRemaining(charge.admission, used: before + cost)
        }
        let most = max(beforeSettling + cheapest, before + max(dearest, sum + leastExtra))
        if most > fullest?.used ?? -1 { fullest = (most, t) }
        guard most > policy.amount else { return }
        let admission = charges[indices.upperBound - 1].admission
        findings.append(
            Finding(
                kind: .overLimit, line: admission.line,
                text: "\(policy.name): at least \(most) of \(policy.amount) \(policy.unit) in the "
                    + "\(policy.windowMs) ms up to \(Instant(t)), when \(admission.id) was admitted"))
    }

    /// Checks what the reply says is left: it cannot be more than the known charges leave.
    private mutating func checkRemaining(_ admission: AdmissionRecord, used: Int) {
        let remaining = admission.remaining
        let reported = policy.meter.choose(
            executions: remaining?.executionsRemaining, executionTime: remaining?.timeRemaining)
        guard !admission.isRepeat, let reported, reported > max(0, policy.amount - used) else { return }
        findings.append(
            Finding(
                kind: .forgotten, line: admission.line,
                text: "\(policy.name): \(reported) \(policy.unit) left at \(Instant(admission.at)), "
                    + "but \(used) of \(policy.amount) were charged"))
    }
}

extension PolicyStanding {
    /// The unit of its amounts, for people.
    var unit: String { meter.choose(executions: "executions", executionTime: "ms") }
}
