// The part of a history about one account, and its audit.

import WireFormat

/// An admission that was answered with a grant.
struct AdmissionRecord {
    let line: Int
    let id: String
    /// The id and the duration asked for; nil if the service had to choose.
    let askedID: String?
    let askedMs: Int?
    /// The ledger's instant of admission, ms since 1970.
    let at: Int
    let grantedMs: Int
    /// Whether the reply says that the id was already held.
    let isRepeat: Bool
    let sentAt: Int
    let answeredAt: Int
    let remaining: LimitsObject?
}

/// A settlement that was accepted (200), rejected (404), or may have been applied (500 and above).
struct SettlementRecord {
    let line: Int
    let id: String
    let durationMs: Int
    let status: Int
    let receipt: SettledBody?
    let sentAt: Int
    let answeredAt: Int
}

struct AccountHistory {
    /// The shortest time, in ms, for which a hold is found after its admission, under every plan.
    static let leastHoldMs = 30_000

    /// The limits that peeks showed, with the largest amounts.
    private(set) var policies: [PolicyStanding] = []
    private var mismatch: Finding?
    var admissions: [AdmissionRecord] = []
    var settlements: [SettlementRecord] = []
    /// The ids of admissions that may have been carried out.
    var unanswered: Set<String> = []

    /// Notes the limits that a peek showed.
    mutating func see(_ seen: [PolicyStanding], line: Int) {
        guard !policies.isEmpty else {
            policies = seen
            return
        }
        guard zip(policies, seen).allSatisfy({ $0.isSameLimit(as: $1) }), policies.count == seen.count else {
            mismatch =
                mismatch
                ?? Finding(
                    kind: .limitsChanged, line: line,
                    text: "the account has other limits than before, and not only other amounts. "
                        + "Audit the time before and the time after in separate files")
            return
        }
        for index in policies.indices {
            policies[index].amount = max(policies[index].amount, seen[index].amount)
        }
    }

    /// Adds the account's findings and its fullest windows to the report.
    func judge(_ account: String, unlessSeen others: [PolicyStanding], into report: inout AuditReport) {
        let policies = policies.isEmpty ? others : policies
        var book = ChargeBook(admissions, longestWindowMs: policies.map(\.windowMs).max() ?? 0)
        book.settle(settlements, unanswered: unanswered)
        var findings = book.findings
        if let mismatch { findings.append(mismatch) }
        for policy in policies {
            let sweep = WindowSweep(book.charges, policy)
            findings += sweep.findings
            if let fullest = sweep.fullest {
                report.see(WorstWindow(account: account, policy: policy, used: fullest.used, at: fullest.at))
            }
        }
        report.findings += findings.map { $0.about(account) }
    }
}

extension PolicyStanding {
    func isSameLimit(as other: PolicyStanding) -> Bool {
        name == other.name && meter == other.meter && windowMs == other.windowMs
    }
}
