// The debts of a process: executions that it admitted without the ledger, until the ledger is
// charged for them. A value, without I/O.

/// An execution that was admitted without the ledger.
struct Debt: Sendable {
    /// How a settled execution ended.
    struct Settlement: Sendable {
        let durationMs: Int
        let ending: Ending
    }

    let ask: Ask
    let grant: Grant
    /// The plan that it was admitted under.
    let share: Plan
    /// Nil while it runs.
    var settlement: Settlement?
    /// The ledger has charged its grant. Then it is a debt until the settlement is there too.
    var isCharged = false

    init(ask: Ask, grant: Grant, share: Plan) {
        (self.ask, self.grant, self.share) = (ask, grant, share)
    }

    /// What the ledger is asked next.
    var question: Question? {
        guard isCharged else {
            // The ledger may have charged it when its reply was lost: then it is held.
            var ask = ask
            ask.isNew = false
            ask.durationMs = grant.durationMs
            ask.minimumMs = grant.durationMs
            return .admit(ask)
        }
        return settlement.map { .settle(ask.id, durationMs: $0.durationMs, ending: $0.ending) }
    }
}

/// All debts, and the order in which they are paid.
struct Debts: Sendable {
    private struct Key: Hashable {
        let account: Account
        let id: ExecutionID
    }

    private let maximum: Int
    private var debts: [Key: Debt] = [:]
    /// The debts that wait for a payment, oldest first, from ``first`` on. The others are being
    /// paid.
    private var waiting: [Key] = []
    private var first = 0

    init(maximum: Int) { self.maximum = maximum }

    var count: Int { debts.count }

    var hasRoom: Bool { debts.count < maximum }

    /// Adds a debt. There must be room, and none with this id.
    mutating func add(_ debt: Debt, of account: Account) {
        let key = Key(account: account, id: debt.ask.id)
        debts[key] = debt
        waiting.append(key)
    }

    /// Changes a debt; nil: there is none.
    mutating func change<Result>(
        _ id: ExecutionID, of account: Account, _ body: (inout Debt) -> Result
    ) -> Result? {
        guard let index = debts.index(forKey: Key(account: account, id: id)) else { return nil }
        return body(&debts.values[index])
    }

    mutating func nextPayments(_ maximum: Int) -> [Payment] {
        let keys = waiting[first..<min(waiting.count, first + maximum)]
        first += keys.count
        let payments = keys.compactMap { key in
            debts[key]?.question.map { Payment(account: key.account, question: $0) }
        }
        if first > waiting.count / 2 {
            waiting.removeFirst(first)
            first = 0
        }
        return payments
    }

    /// - Returns: whether the ledger accepted the payment.
    mutating func receive(_ answer: Result<Answer, LedgerError>, on payment: Payment) -> Bool {
        guard let id = payment.question.id else { return false }
        let key = Key(account: payment.account, id: id)
        guard let index = debts.index(forKey: key) else { return false }
        switch answer.map(\.verdict) {
        case .success(.admitted), .success(.held):
            debts.values[index].isCharged = true
            if debts.values[index].settlement == nil {
                // It is a hold in the ledger now, which any process can settle.
                debts.remove(at: index)
            } else {
                waiting.append(key)
            }
            return true
        case .success(.settled), .success(.notHeld):
            debts.remove(at: index)
            return true
        case .success(.denied), .success(.peeked), .failure:
            waiting.append(key)
            return false
        }
    }
}
