// The charges of one account that its replies prove, and their settlements.

import WireFormat

/// One charge.
struct Charge {
    let admission: AdmissionRecord
    /// The amounts to which settlements may have lowered the grant, and the earliest instant of
    /// each, in the order of the instants.
    var lowerings: [(at: Int, ms: Int)] = []
    var isSettled = false

    var at: Int { admission.at }
    var grantedMs: Int { admission.grantedMs }

    /// The least that the charge can be at `t`, without over-runs, because no limit can deny those.
    func leastMs(at t: Int) -> Int { lowerings.last { $0.at <= t }?.ms ?? grantedMs }
}

struct ChargeBook {
    /// The charges, by instant of admission.
    private(set) var charges: [Charge] = []
    private(set) var findings: [Finding] = []
    private var chargesOfID: [String: [Int]] = [:]
    /// For each admission, by the time of its answer: the latest instant of admission until then.
    private var known: [(answeredAt: Int, latest: Int)] = []

    private let longestWindowMs: Int

    init(_ admissions: [AdmissionRecord], longestWindowMs: Int) {
        self.longestWindowMs = longestWindowMs
        // A repeated admission proves a charge if the first reply was lost; otherwise the charge
        // must be in the book.
        let charged = admissions.filter { !$0.isRepeat }
        var revealed = Set(charged.map(Grant.init))
        let lost = admissions.filter { $0.isRepeat && revealed.insert(Grant($0)).inserted }
        charges = (charged + lost).sorted { ($0.at, $0.line) < ($1.at, $1.line) }.map {
            Charge(admission: $0)
        }
        for (index, charge) in charges.enumerated() {
            chargesOfID[charge.admission.id, default: []].append(index)
        }

        var latest = Int.min
        for admission in admissions.sorted(by: { $0.answeredAt < $1.answeredAt }) {
            latest = max(latest, admission.at)
            known.append((admission.answeredAt, latest))
        }
        findBackwardSteps()
        findOtherAnswers(admissions)
    }

    /// The answer to an admission must have its id, and a grant of at most the time asked for.
    private mutating func findOtherAnswers(_ admissions: [AdmissionRecord]) {
        for admission in admissions {
            let asked = admission.askedID ?? admission.id
            if asked != admission.id {
                let text = "\(asked) was asked for, but \(admission.id) was answered"
                findings.append(Finding(kind: .wrongReceipt, line: admission.line, text: text))
            }
            if let askedMs = admission.askedMs, admission.grantedMs > askedMs, !admission.isRepeat {
                let text = "\(admission.id) asked for \(askedMs) ms and was granted \(admission.grantedMs) ms"
                findings.append(Finding(kind: .wrongReceipt, line: admission.line, text: text))
            }
        }
    }

    private struct Grant: Hashable {
        let id: String
        let at: Int
        let ms: Int

        init(_ admission: AdmissionRecord) {
            (id, at, ms) = (admission.id, admission.at, admission.grantedMs)
        }
    }

    /// The latest instant of an admission that was answered before `sentAt`.
    private func latestInstant(before sentAt: Int) -> Int? {
        var (low, high) = (0, known.count)
        while low < high {
            let middle = (low + high) / 2
            if known[middle].answeredAt < sentAt { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : known[low - 1].latest
    }

    /// For one account the ledger's clock never steps back, unless it was set back by more than a
    /// window.
    private mutating func findBackwardSteps() {
        for charge in charges where !charge.admission.isRepeat {
            let admission = charge.admission
            guard let latest = latestInstant(before: admission.sentAt), latest > admission.at else {
                continue
            }
            findings.append(
                Finding(
                    kind: .steppedBack, line: admission.line,
                    text: "\(admission.id) was admitted at \(Instant(admission.at)), "
                        + "after another at \(Instant(latest)) had been answered"))
        }
    }

    // MARK: Settlements

    mutating func settle(_ settlements: [SettlementRecord], unanswered: Set<String>) {
        let inOrder = settlements.sorted { ($0.sentAt, $0.line) < ($1.sentAt, $1.line) }
        // If an id was charged again after its settlement, either charge may be the settled one.
        for settlement in inOrder where settlement.status != 404 {
            for index in chargesOfID[settlement.id] ?? [] { lower(index, settlement) }
        }
        for settlement in inOrder {
            if let receipt = settlement.receipt { settle(settlement, receipt, unanswered: unanswered) }
        }
        findDoubleCharges(inOrder)
        for settlement in inOrder where settlement.status == 404 { findForgottenHold(settlement) }
        for index in charges.indices { charges[index].lowerings.sort { $0.at < $1.at } }
    }

    /// Lowers a charge from the earliest instant at which the settlement can have been applied.
    private mutating func lower(_ index: Int, _ settlement: SettlementRecord) {
        let charge = charges[index]
        let at = max(charge.at, latestInstant(before: settlement.sentAt) ?? charge.at)
        let least = charge.lowerings.reduce(min(settlement.durationMs, charge.grantedMs)) { min($0, $1.ms) }
        charges[index].lowerings.append((at, least))
    }

    private mutating func settle(
        _ settlement: SettlementRecord, _ receipt: SettledBody, unanswered: Set<String>
    ) {
        let candidates = (chargesOfID[settlement.id] ?? []).filter { !charges[$0].isSettled }
        guard let index = candidates.first(where: { fits(receipt, charges[$0], settlement) }) else {
            // The settled charge may be in no reply.
            if unanswered.contains(settlement.id) { return }
            let grants = candidates.map { "\(charges[$0].grantedMs) ms" }.joined(separator: ", ")
            let text =
                candidates.isEmpty
                ? "\(settlement.id) was settled, and no admission of it is left to settle"
                : "\(settlement.id) was granted \(grants) and ran for \(settlement.durationMs) ms, but its receipt says "
                    + "\(receipt.chargedMs) ms charged, \(receipt.returnedMs) returned, \(receipt.overrunMs) over"
            findings.append(Finding(kind: .wrongReceipt, line: settlement.line, text: text))
            return
        }
        charges[index].isSettled = true
    }

    /// An id that is held must not be charged again. It is held until it is settled, or until 30 s
    /// after its deadline.
    private mutating func findDoubleCharges(_ settlements: [SettlementRecord]) {
        let settlementsOfID = Dictionary(grouping: settlements.filter { $0.status != 404 }, by: \.id)
        for (id, indices) in chargesOfID where indices.count > 1 {
            for (first, second) in zip(indices, indices.dropFirst()) {
                let (first, second) = (charges[first], charges[second])
                let expires = first.at + first.grantedMs + AccountHistory.leastHoldMs
                let maySettle = settlementsOfID[id, default: []].contains {
                    $0.sentAt <= second.admission.answeredAt
                        && ($0.receipt == nil || $0.answeredAt >= first.admission.sentAt)
                }
                guard second.at < expires, !maySettle else { continue }
                findings.append(
                    Finding(
                        kind: .chargedTwice, line: second.admission.line,
                        text:
                            "\(id) was charged at \(Instant(first.at)) and, while it was held, at \(Instant(second.at))"
                    ))
            }
        }
    }

    /// If an execution was not settled and cannot have expired, its hold must exist.
    private mutating func findForgottenHold(_ settlement: SettlementRecord) {
        guard let indices = chargesOfID[settlement.id], let last = indices.last, indices.count == 1 else {
            return
        }
        let admission = charges[last].admission
        // If only a repeated admission proves a charge, its beginning is unknown.
        guard !admission.isRepeat else { return }
        let isSettled = charges[last].isSettled || !charges[last].lowerings.isEmpty
        guard !isSettled, settlement.sentAt > admission.answeredAt,
            settlement.answeredAt - admission.sentAt < AccountHistory.leastHoldMs
        else { return }
        findings.append(
            Finding(
                kind: .forgotten, line: settlement.line,
                text:
                    "\(settlement.id) was admitted at \(Instant(admission.at)) and never settled, and is not held"
            ))
    }

    /// Whether this is the receipt of that charge: it charges the duration, or the grant if its
    /// cell may have left every window.
    private func fits(_ receipt: SettledBody, _ charge: Charge, _ settlement: SettlementRecord) -> Bool {
        let (grantedMs, durationMs) = (charge.grantedMs, settlement.durationMs)
        guard receipt.overrunMs == max(0, durationMs - grantedMs) else { return false }
        let counted = receipt.chargedMs == durationMs && receipt.returnedMs == max(0, grantedMs - durationMs)
        let mayHaveLeft =
            charge.admission.isRepeat
            || settlement.answeredAt - charge.admission.sentAt >= longestWindowMs
        return counted || mayHaveLeft && receipt.chargedMs == grantedMs && receipt.returnedMs == 0
    }
}
