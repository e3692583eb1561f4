// Reads a recorded history and checks what Stint promises: no window is over its limit at any
// instant, nothing is charged twice, nothing runs free, no charge is forgotten. It knows the
// promise and nothing of how the rule keeps it. It adds up every charge that the replies prove,
// exactly, and decides doubts in Stint's favour. So every finding is proven, but what the history
// does not show is not found.
//
// The instant of an admission is exact, on the ledger's clock: `deadline - grantedMs`. The instant
// of a settlement is in no reply. The audit takes the earliest possible one: the latest instant
// among the account's admissions that were answered before the settlement was sent. So the ledger's
// clock need not be compared with the client's.

import WireFormat

/// Why a file is not a history. `description` says what to do.
public struct HistoryError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}

/// Checks one history: pass every line, then call ``report()``.
public struct Audit {
    /// The maximum number of lines of a history; a longer one must be split.
    public static let maximumLines = 20_000_000

    private let clockToleranceMs: Int?
    private var accounts: [String: AccountHistory] = [:]
    private var tally = AuditTally()
    private var clocks = ClockComparison()
    /// The limits for accounts without a peek.
    private var firstSeen: [PolicyStanding]?

    /// - Parameter clockToleranceMs: how far the ledger's clock may move against the client's; nil:
    ///   not checked.
    public init(clockToleranceMs: Int? = 1_000) { self.clockToleranceMs = clockToleranceMs }

    /// Reads a line of the history.
    /// - Parameters:
    ///   - json: the line.
    ///   - number: its number, counted from 1.
    /// - Throws: ``HistoryError`` if it is not a line of a history.
    public mutating func read(_ json: some Collection<UInt8>, line number: Int) throws(HistoryError) {
        guard number <= Audit.maximumLines else {
            throw HistoryError("more than \(Audit.maximumLines) lines. Split the file by account")
        }
        do throws(BodyError) {
            add(try HistoryLine(json: json), line: number)
        } catch {
            throw HistoryError("line \(number) is not a line of a history: \(error)")
        }
    }

    private mutating func add(_ line: HistoryLine, line number: Int) {
        var history = accounts.removeValue(forKey: line.account) ?? AccountHistory()
        tally.count(line)
        switch line.exchange {
        case .peek(let reply):
            if let policies = reply?.accepted?.policies {
                history.see(policies, line: number)
                firstSeen = firstSeen ?? policies
            }
        case .admit(let request, let reply):
            if let body = reply?.accepted, body.degraded {
                // The ledger may or may not have charged it.
                history.unanswered.insert(body.id)
            } else if let body = reply?.accepted, let deadline = body.deadline {
                let admission = AdmissionRecord(
                    line: number, id: body.id, askedID: request.id, askedMs: request.maxDurationMs,
                    at: deadline - body.grantedMs, grantedMs: body.grantedMs,
                    isRepeat: reply?.status == 200, sentAt: line.sentAt, answeredAt: line.answeredAt,
                    remaining: body.limits)
                history.admissions.append(admission)
                clocks.see(admission)
            } else if let id = request.id, (reply?.status ?? 500) >= 500 {
                history.unanswered.insert(id)
            }
        case .settle(let id, let request, let reply):
            let status = reply?.status ?? 500
            guard status == 200 || status == 404 || status >= 500 else { break }
            history.settlements.append(
                SettlementRecord(
                    line: number, id: id, durationMs: request.durationMs, status: status,
                    receipt: reply?.accepted, sentAt: line.sentAt, answeredAt: line.answeredAt))
        }
        accounts[line.account] = history
    }

    /// What the history proves.
    /// - Throws: ``HistoryError`` if the history does not show the limits.
    public func report() throws(HistoryError) -> AuditReport {
        guard let firstSeen else {
            throw HistoryError(
                "the history does not show any limit. Record a peek: a line with \"question\":\"peek\" and its reply"
            )
        }
        var report = AuditReport(tally: tally, accounts: accounts.count)
        if let clockToleranceMs, clocks.driftMs > clockToleranceMs {
            report.findings.append(
                Finding(
                    kind: .clocksDisagree, line: clocks.line,
                    text: "the ledger's clock moved by \(clocks.driftMs) ms against the client's, "
                        + "so instants on the one prove nothing about the other"))
        }
        report.unpeeked = accounts.values.count { $0.policies.isEmpty }
        for (name, history) in accounts.sorted(by: { $0.key < $1.key }) {
            history.judge(name, unlessSeen: firstSeen, into: &report)
        }
        report.findings.sort { $0.line < $1.line }
        return report
    }
}

/// The least by which two clocks moved against each other: each admission bounds their difference.
struct ClockComparison {
    private var least = Int.min
    private var most = Int.max
    /// The line that showed the largest move.
    private(set) var line = 0

    var driftMs: Int { least == .min ? 0 : max(0, least - most) }

    mutating func see(_ admission: AdmissionRecord) {
        guard !admission.isRepeat else { return }
        let before = driftMs
        // The ledger's clock is read once, between sending and answering; both are rounded down to
        // whole ms.
        least = max(least, admission.at - admission.answeredAt - 1)
        most = min(most, admission.at - admission.sentAt + 1)
        if driftMs > before { line = admission.line }
    }
}
