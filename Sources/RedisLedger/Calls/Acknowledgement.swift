// Answers that wait until replicas have what was charged: `WAIT` behind the calls of one write, and
// what its reply makes of them.

import Accounting
import NIOCore
import Redis

/// The calls of one write to one server, whose replies count only once replicas have acknowledged
/// them.
final class Acknowledgement {
    private let ledger: RedisLedger
    private var replies: [(call: LedgerCall, bytes: ByteBuffer)] = []

    init(ledger: RedisLedger) { self.ledger = ledger }

    /// Keeps the reply to a call until the replicas have its writes.
    func hold(_ bytes: ByteBuffer, to call: LedgerCall) { replies.append((call, bytes)) }
}

extension Acknowledgement: ReplySink {
    /// Receives the reply to `WAIT`, which comes after those to the calls.
    func receive(_ reply: Result<RedisReply, RedisFailure>) {
        let failure = ledger.acknowledgement.complaint(about: reply)
        if failure != nil, !replies.isEmpty { ledger.noteUnacknowledged(replies.count) }
        for (call, bytes) in replies {
            if let failure { call.fail(.outcomeUnknown(failure)) } else { ledger.answer(call, from: bytes) }
        }
        replies = []
    }
}

/// How many replicas must have a write before its answer counts, and for how long they are waited
/// for. A value, without I/O.
struct AcknowledgementRule {
    /// 0: none.
    let replicas: Int
    /// Two thirds of the command deadline, so that the server's count arrives before that ends.
    let timeoutMs: Int

    init(_ settings: RedisSettings) {
        replicas = settings.acknowledgingReplicas
        timeoutMs = max(1, Int(settings.commandDeadline * 2 / 3 / .milliseconds(1)))
    }

    /// - Returns: nil if enough replicas have the writes.
    func complaint(about reply: Result<RedisReply, RedisFailure>) -> String? {
        switch reply {
        case .success(.integer(let count)) where count >= replicas: return nil
        case .success(.integer(let count)):
            return "\(count) of \(replicas) replicas acknowledged the charge within \(timeoutMs) ms"
        case .success(.error(let text)): return "WAIT was refused: \(ErrorReply(text).text)"
        case .success: return "WAIT was answered with something else than a number"
        case .failure(.notSent(let reason)), .failure(.late(let reason)), .failure(.lost(let reason)):
            return reason
        }
    }
}

extension RedisLedger {
    /// Asks each server that got calls whether enough replicas have their writes.
    func requestAcknowledgements(of calls: [LedgerCall]) {
        var asked: [(link: RedisLink, acknowledgement: Acknowledgement)] = []
        for call in calls {
            guard let link = call.link else { continue }
            if let known = asked.first(where: { $0.link === link }) {
                call.acknowledgement = known.acknowledgement
                continue
            }
            let new = Acknowledgement(ledger: self)
            call.acknowledgement = new
            asked.append((link, new))
        }
        for (link, acknowledgement) in asked { wait(over: link, acknowledgement) }
    }

    func wait(over link: RedisLink, _ sink: any ReplySink) {
        link.send(argumentCount: 3, to: sink) { writer in
            writer.append("WAIT")
            writer.append(acknowledgement.replicas)
            writer.append(acknowledgement.timeoutMs)
        }
    }
}
