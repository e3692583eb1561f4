// The findings of an audit, as data and as text.

import Foundation
public import WireFormat

/// Something in a history that contradicts the promise.
public struct Finding: Hashable, Sendable {
    public enum Kind: String, Sendable, CaseIterable {
        /// A window held more than its limit.
        case overLimit = "over the limit"
        /// An id was charged again while it was held.
        case chargedTwice = "charged twice"
        /// A settlement's receipt does not fit its grant and duration.
        case wrongReceipt = "wrong receipt"
        /// A charge or a hold is missing.
        case forgotten = "forgotten"
        /// An account's instants of admission go back in time.
        case steppedBack = "stepped back"
        /// Not Stint's fault: the two clocks moved against each other, so the history proves
        /// nothing.
        case clocksDisagree = "clocks disagree"
        /// Not Stint's fault: the limits changed within the history.
        case limitsChanged = "limits changed"
    }

    public let kind: Kind
    public private(set) var account: String? = nil
    /// The line of the history that proves it.
    public let line: Int
    public let text: String

    func about(_ account: String) -> Finding {
        var finding = self
        finding.account = account
        return finding
    }
}

/// The fullest window of one limit, over all accounts.
public struct WorstWindow: Hashable, Sendable {
    public let account: String
    public let policy: PolicyStanding
    /// The least that it held, in the meter's unit.
    public let used: Int
    /// The end of the window: the ledger's ms since 1970.
    public let at: Int

    var share: Double {
        policy.amount == 0 ? (used == 0 ? 0 : .infinity) : Double(used) / Double(policy.amount)
    }
}

public struct AuditReport: Sendable, CustomStringConvertible {
    /// The maximum number of findings of one kind that the text lists; the others are counted.
    static let mostListed = 10

    public let tally: AuditTally
    public let accounts: Int
    /// The number of accounts without a peek, which are checked against the first limits in the
    /// file.
    public internal(set) var unpeeked = 0
    /// One for each limit, in the order in which the history shows them.
    public private(set) var worst: [WorstWindow] = []
    /// The findings, by line.
    public internal(set) var findings: [Finding] = []

    init(tally: AuditTally, accounts: Int) {
        self.tally = tally
        self.accounts = accounts
    }

    public var isKept: Bool { findings.isEmpty }

    mutating func see(_ window: WorstWindow) {
        guard let index = worst.firstIndex(where: { $0.policy.isSameLimit(as: window.policy) }) else {
            worst.append(window)
            return
        }
        if window.share > worst[index].share { worst[index] = window }
    }

    /// Several lines, the last without a line feed. All names are made printable.
    public var description: String { lines.map { printable($0) }.joined(separator: "\n") }

    private var lines: [String] {
        var lines = ["\(tally) about \(accounts) accounts"]
        lines.append("fullest window of each limit:")
        lines += worst.map { window in
            let policy = window.policy
            let share = (window.share * 1_000).rounded(.up) / 10
            return
                "  \(policy.name): \(window.used) of \(policy.amount) \(policy.unit) (\(share) %) in the \(policy.windowMs) ms "
                + "up to \(Instant(window.at)), account \(window.account)"
        }
        if worst.isEmpty { lines.append("  nothing was admitted") }
        if unpeeked > 0 {
            lines.append("\(unpeeked) accounts were never peeked at: checked against the first limits shown")
        }
        guard !isKept else {
            lines.append(
                "kept: no window was over its limit, nothing was charged twice, no charge was forgotten, all receipts fit"
            )
            return lines
        }
        let isEvidence = findings.contains { $0.kind != .clocksDisagree && $0.kind != .limitsChanged }
        lines.append("\(isEvidence ? "BROKEN" : "NO EVIDENCE"): \(findings.count) findings")
        for kind in Finding.Kind.allCases {
            let ofKind = findings.filter { $0.kind == kind }
            for finding in ofKind.prefix(Self.mostListed) {
                let account = finding.account.map { ", account \($0)" } ?? ""
                lines.append("  line \(finding.line)\(account): \(kind.rawValue): \(finding.text)")
            }
            if ofKind.count > Self.mostListed {
                lines.append("  and \(ofKind.count - Self.mostListed) more: \(kind.rawValue)")
            }
        }
        return lines
    }
}

/// The number of questions and of their answers.
public struct AuditTally: Hashable, Sendable, CustomStringConvertible {
    public private(set) var questions = 0
    public private(set) var admitted = 0
    public private(set) var repeated = 0
    public private(set) var denied = 0
    /// Admitted without the ledger, by the plan's `whenUnavailable`: nothing is promised about
    /// these.
    public private(set) var degraded = 0
    public private(set) var settled = 0
    public private(set) var overrun = 0
    public private(set) var notHeld = 0
    public private(set) var unavailable = 0
    public private(set) var unanswered = 0
    private var firstSentAt = Int.max
    private var lastAnsweredAt = Int.min

    mutating func count(_ line: HistoryLine) {
        questions += 1
        firstSentAt = min(firstSentAt, line.sentAt)
        lastAnsweredAt = max(lastAnsweredAt, line.answeredAt)
        switch line.exchange {
        case .admit(_, let reply?):
            if let body = reply.accepted {
                if body.degraded {
                    degraded += 1
                } else if reply.status == 200 {
                    repeated += 1
                } else {
                    admitted += 1
                }
            } else if reply.status == 429 {
                denied += 1
            } else if reply.status >= 500 {
                unavailable += 1
            }
        case .settle(_, _, let reply?):
            if let body = reply.accepted {
                settled += 1
                if body.overrunMs > 0 { overrun += 1 }
            } else if reply.status == 404 {
                notHeld += 1
            } else if reply.status >= 500 {
                unavailable += 1
            }
        case .peek(let reply?): if reply.status >= 500 { unavailable += 1 }
        case .admit(_, nil), .settle(_, _, nil), .peek(nil): unanswered += 1
        }
    }

    public var description: String {
        let seconds = questions == 0 ? 0 : Double(lastAnsweredAt - firstSentAt) / 1_000
        return
            "\(questions) questions in \(seconds) s: \(admitted) admitted, \(repeated) repeated, \(denied) denied, "
            + "\(degraded) degraded, \(settled) settled (\(overrun) over-ran), \(notHeld) not held, "
            + "\(unavailable) unavailable, \(unanswered) without a reply,"
    }
}

/// An instant for people: UTC with milliseconds.
struct Instant: CustomStringConvertible {
    let ms: Int

    init(_ ms: Int) { self.ms = ms }

    var description: String {
        Date(timeIntervalSince1970: Double(ms) / 1_000).formatted(
            .iso8601.year().month().day().timeZone(separator: .omitted).time(includingFractionalSeconds: true)
        )
    }
}
