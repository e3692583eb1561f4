// Ways to tamper with a true history, and what the audit must report.

import Audit
import WireFormat

struct Tampering: Sendable, CustomStringConvertible {
    let description: String
    let found: Finding.Kind
    /// False when the history has no place for it.
    let apply: @Sendable (inout [HistoryLine]) -> Bool

    static let all = [
        Tampering(description: "many admissions that were never denied", found: .overLimit) { lines in
            guard let index = lines.firstIndex(where: { $0.grant != nil }) else { return false }
            for copy in 0..<40 { lines.insert(lines[index].admitted(as: "extra-\(copy)"), at: index) }
            return true
        },
        Tampering(description: "an amount that was smaller", found: .overLimit) { lines in
            for index in lines.indices {
                guard case .peek(let reply?) = lines[index].exchange, var body = reply.accepted else {
                    continue
                }
                body.policies[1].amount = 1
                lines[index].exchange = .peek(WireReply(status: 200, .accepted(body)))
            }
            return true
        },
        Tampering(description: "a denial turned into an admission", found: .forgotten) { lines in
            guard let grant = lines.first(where: { $0.grant != nil }),
                let index = lines.lastIndex(where: { $0.isDenied && $0.account == grant.account })
            else { return false }
            var line = grant.admitted(as: "denied")
            line.sentAt = lines[index].sentAt
            line.answeredAt = lines[index].answeredAt
            let moved = line.sentAt - grant.sentAt
            line.change { $0.deadline! += moved }
            lines[index] = line
            return true
        },
        Tampering(description: "an id charged again while it was held", found: .chargedTwice) { lines in
            guard let index = lines.firstIndex(where: { $0.grant != nil }) else { return false }
            var again = lines[index]
            again.change { $0.deadline! += 1 }
            lines.insert(again, at: index)
            return true
        },
        Tampering(description: "a grant raised after the fact", found: .wrongReceipt) { lines in
            guard let id = lines.settledID else { return false }
            for index in lines.indices where lines[index].grant?.id == id {
                lines[index].change { $0.grantedMs += 1 }
            }
            return true
        },
        Tampering(description: "a receipt that charges less than was used", found: .wrongReceipt) { lines in
            lines.changeReceipt { $0.chargedMs -= 1 }
        },
        Tampering(description: "a receipt that returns more than was left", found: .wrongReceipt) { lines in
            lines.changeReceipt { $0.returnedMs += 1 }
        },
        Tampering(description: "a receipt that hides an over-run", found: .wrongReceipt) { lines in
            lines.changeReceipt(where: { $0.overrunMs > 0 }) { $0.overrunMs -= 1 }
        },
        Tampering(description: "an admission struck out", found: .wrongReceipt) { lines in
            guard let id = lines.settledID else { return false }
            lines.removeAll { $0.admittedID == id }
            return true
        },
        Tampering(description: "more left than can be", found: .forgotten) { lines in
            guard let index = lines.lastIndex(where: { $0.grant != nil }) else { return false }
            lines[index].change { $0.limits = LimitsObject(executionsRemaining: 100, timeRemaining: 10_000) }
            return true
        },
        Tampering(description: "a settlement that found nothing to settle", found: .forgotten) { lines in
            guard let id = lines.settledID else { return false }
            for index in lines.indices {
                guard case .settle(id, let body, _) = lines[index].exchange else { continue }
                let problem = Problem(.executionNotHeld, detail: "no such hold")
                lines[index].exchange = .settle(id: id, body, WireReply(status: 404, .problem(problem)))
            }
            return true
        },
        Tampering(description: "an admission moved to another hour", found: .clocksDisagree) { lines in
            guard let index = lines.lastIndex(where: { $0.grant != nil }) else { return false }
            lines[index].change { $0.deadline! += 3_600_000 }
            return true
        },
        Tampering(description: "an admission moved back by a second", found: .steppedBack) { lines in
            guard let index = lines.lastIndex(where: { $0.grant != nil }) else { return false }
            let moved = lines[index]
            let follows = lines.contains {
                $0.account == moved.account && $0.grant != nil && $0.answeredAt < moved.sentAt
                    && $0.answeredAt > moved.sentAt - 900
            }
            guard follows else { return false }
            lines[index].change { $0.deadline! -= 1_000 }
            return true
        },
        Tampering(description: "a limit that vanished", found: .limitsChanged) { lines in
            guard case .peek(let reply?) = lines[0].exchange, var body = reply.accepted else { return false }
            body.policies.removeLast()
            var line = lines[0]
            line.exchange = .peek(WireReply(status: 200, .accepted(body)))
            lines.append(line)
            return true
        },
    ]
}

extension HistoryLine {
    /// What was granted, if that is what was answered for the first time.
    var grant: AdmittedBody? {
        if case .admit(_, let reply?) = exchange, reply.status == 201 { reply.accepted } else { nil }
    }

    var isDenied: Bool {
        if case .admit(_, let reply?) = exchange { reply.status == 429 } else { false }
    }

    /// Whose admission was asked for.
    var admittedID: String? {
        if case .admit(let request, _) = exchange { request.id } else { nil }
    }

    /// Changes the grant that was answered.
    mutating func change(_ change: (inout AdmittedBody) -> Void) {
        guard case .admit(let request, let reply?) = exchange, var body = reply.accepted else { return }
        change(&body)
        exchange = .admit(request, WireReply(status: reply.status, .accepted(body)))
    }

    /// The same admission under another name.
    func admitted(as id: String) -> HistoryLine {
        var line = self
        line.change { $0.id = id }
        return line
    }
}

extension [HistoryLine] {
    /// An execution that was asked for once and settled once, in time, with every reply there.
    var settledID: String? {
        for line in self {
            guard case .settle(let id, let body, let reply?) = line.exchange,
                reply.accepted?.chargedMs == body.durationMs,
                let admission = first(where: { $0.grant?.id == id }),
                line.answeredAt - admission.sentAt < 10_000,
                count(where: { $0.settledID == id }) == 1, count(where: { $0.admittedID == id }) == 1
            else { continue }
            return id
        }
        return nil
    }

    mutating func changeReceipt(
        where fits: (SettledBody) -> Bool = { $0.returnedMs > 1 && $0.chargedMs > 1 },
        _ change: (inout SettledBody) -> Void
    ) -> Bool {
        for index in indices {
            guard case .settle(let id, let request, let reply?) = self[index].exchange,
                var body = reply.accepted,
                fits(body)
            else { continue }
            change(&body)
            self[index].exchange = .settle(id: id, request, WireReply(status: 200, .accepted(body)))
            return true
        }
        return false
    }
}

extension HistoryLine {
    fileprivate var settledID: String? {
        if case .settle(let id, _, _) = exchange { id } else { nil }
    }
}
