// One connection that gets any bytes, in any pieces, while its ledger answers at any time and in
// any order. The replies are checked against what a connection owes to every client.

import Accounting
import NIOCore
import NIOEmbedded
import SeededChance
import WireFormat

@testable import RunnerAPI

struct FuzzedConnection {
    /// Final replies, in order.
    private(set) var replies: [HTTPReply] = []
    /// What is wrong; nil when all is well.
    private(set) var complaint: String?

    private let client: EmbeddedClient

    /// - Parameter endsInput: whether the client says that it is done; else it waits until the
    ///   server has had enough.
    init(
        sending bytes: [UInt8], to client: EmbeddedClient, endsInput: Bool,
        using random: inout SeededGenerator
    ) throws {
        self.client = client
        var text = ""
        for piece in random.pieces(of: bytes) {
            try client.send(piece)
            if random.once(in: 3) { text += try client.received() }
            if random.once(in: 3) { Self.answerOne(client, &random) }
        }
        if endsInput { client.endInput() }
        text += try client.received()
        while !client.scripted.waiting.isEmpty {
            Self.answerOne(client, &random)
            text += try client.received()
        }
        if !endsInput {
            // Beyond every timeout, and the time to say goodbye.
            for _ in 0..<4 { client.eventLoop.advanceTime(by: .seconds(80)) }
            text += try client.received()
        }
        do {
            let all = try HTTPReply.all(in: text)
            replies = all.filter { $0.status != 100 }
            complaint = fault(in: bytes, continued: all.count - replies.count)
        } catch {
            complaint = "\(error)"
        }
        if let found = complaint { complaint = "\(found)\n\(text)" }
    }

    private static func answerOne(_ client: EmbeddedClient, _ random: inout SeededGenerator) {
        let count = client.scripted.waiting.count
        if count > 0 { client.scripted.answer(random.number(in: 0...count - 1)) }
    }

    private func fault(in bytes: [UInt8], continued: Int) -> String? {
        if client.isOpen { return "the connection hangs" }
        let starts = String(decoding: bytes, as: UTF8.self).ranges(of: "HTTP/").count
        if continued > starts { return "\(continued) times 100 for at most \(starts) requests" }
        // One more than there are requests: about what is none.
        if replies.count > starts + 1 { return "\(replies.count) replies to at most \(starts) requests" }
        if let last = replies.firstIndex(where: { $0.field("connection") == "close" }),
            last + 1 < replies.count
        {
            return "replies after the last one"
        }
        for reply in replies where reply.status >= 500 && reply.status != 505 { return "a \(reply.status)" }
        for reply in replies where reply.status >= 400 && !reply.body.isEmpty {
            guard reply.field("content-type") == "application/problem+json",
                let problem = try? Problem(json: Array(reply.body.utf8)), problem.type.status == reply.status
            else { return "a \(reply.status) that is no problem" }
        }
        return faultInAnswers
    }

    /// What the ledger was asked is what is told, in this order, and nothing else is ever told as
    /// the ledger's word.
    private var faultInAnswers: String? {
        let reported = replies.filter { reply in
            reply.status < 300 || reply.status == 429
                || reply.body.contains("\(ProblemType.executionNotHeld.uri)")
        }
        let asked = client.scripted.asked
        // A reply to HEAD does not tell a hold that is not there from a path that is not there.
        let mute = replies.filter { $0.status == 404 && $0.body.isEmpty }.count
        guard reported.count <= asked.count, asked.count <= reported.count + mute else {
            return "\(reported.count) answers told, \(asked.count) questions asked"
        }
        guard mute == 0 else { return nil }
        for (reply, entry) in zip(reported, asked) where !reply.body.isEmpty {
            if let wrong = mismatch(reply, entry) { return wrong }
        }
        return nil
    }

    private func mismatch(_ reply: HTTPReply, _ entry: ScriptedLedger.Entry) -> String? {
        let body = Array(reply.body.utf8)
        let isRight =
            switch (entry.question, reply.status) {
            case (.admit(let ask), 200), (.admit(let ask), 201):
                (try? AdmittedBody(json: body))?.id == ask.id.name
            case (.admit, 429): (try? Problem(json: body))?.type == .quotaExceeded
            case (.settle(let id, _, _), 200): (try? SettledBody(json: body))?.id == id.name
            case (.settle(let id, _, _), 404): (try? Problem(json: body))?.id == id.name
            case (.peek, 200): (try? StandingBody(json: body))?.account == entry.account.name
            default: false
            }
        return isRight ? nil : "\(reply.status) \(reply.body) to \(entry.question)"
    }
}
