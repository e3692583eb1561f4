// Tests whether a decision could be made and written now, with a script that does the same on keys
// of its own (`Scripts/Inspect/probe.lua`). Also reports which rights the server's user lacks.

import NIOCore
public import Redis

/// The result of a probe.
public enum ProbeResult: Equatable, Sendable {
    /// Decisions can be made and written. ``lacks``: the commands that the log and the control
    /// plane need and the server's user may not run. They are known only if everything was tested.
    case works(lacks: [String])
    /// The server refuses decisions. The reason is its message, or the missing right and how to
    /// grant it.
    case refused(reason: String)
    /// The server does not answer.
    case unreachable(reason: String)
}

extension RedisLedger {
    /// Tests whether a decision could be made and written now. Costs the server as much as a
    /// decision or two.
    /// - Parameters:
    ///   - everything: also test what decisions do not need.
    ///   - server: one of the primaries, whose rights may differ from another's; nil: the one that
    ///     has the key of the probe, if no server is missing.
    ///   - report: receives the result once, within the command deadline; within two if the server
    ///     had forgotten the script.
    public func probe(
        everything: Bool, at server: RedisURL.Address? = nil, _ report: @escaping (ProbeResult) -> Void
    ) {
        if server == nil, let absence = topology.absence { return report(.unreachable(reason: absence)) }
        probe(everything: everything, Probe(server: server), report)
    }

    /// One attempt of a probe.
    private struct Probe {
        let server: RedisURL.Address?
        var withText = false
        var retries = 0
    }

    private func probe(everything: Bool, _ probe: Probe, _ report: @escaping (ProbeResult) -> Void) {
        let tag = probe.server.flatMap { topology.tag(LedgerKeys.probeTag, at: $0) } ?? LedgerKeys.probeTag
        let link: RedisLink
        switch topology.link(forTag: tag) {
        case .success(let found): link = found
        case .failure(let failure): return report(result(of: .failure(failure)))
        }
        sendProbe(everything: everything, probe, tag, over: link) { [weak self] reply in
            guard let self else { return report(.unreachable(reason: "the ledger is closed")) }
            guard case .success(.error(let text)) = reply else {
                return finish(result(of: reply), over: link, report)
            }
            var next = probe
            if text.hasPrefix("NOSCRIPT"), !probe.withText {
                // It has forgotten the ledger's script as well.
                scripts.load(over: link)
                next.withText = true
                return self.probe(everything: everything, next, report)
            }
            guard let retry = topology.retry(after: ErrorReply(text), from: link, retries: probe.retries)
            else { return report(result(of: reply)) }
            next.retries += 1
            // Also where the keys are elsewhere: by then the map says so.
            var pause = TimeAmount.milliseconds(5)
            if case .later(let time) = retry { pause = time }
            eventLoop.assumeIsolated().scheduleTask(in: pause) {
                self.probe(everything: everything, next, report)
            }
        }
    }

    /// What the script found, unless too few replicas have what it wrote.
    private func finish(
        _ result: ProbeResult, over link: RedisLink, _ report: @escaping (ProbeResult) -> Void
    ) {
        guard case .works = result, acknowledgement.replicas > 0 else { return report(result) }
        let callback = ReplyCallback { [acknowledgement] reply in
            report(acknowledgement.complaint(about: reply).map { .refused(reason: $0) } ?? result)
        }
        wait(over: link, callback)
        link.flush()
    }

    private func sendProbe(
        everything: Bool, _ probe: Probe, _ tag: String, over link: RedisLink,
        _ report: @escaping (Result<RedisReply, RedisFailure>) -> Void
    ) {
        link.send(argumentCount: 7, to: ReplyCallback(report)) { writer in
            scripts.probe.append(to: &writer, withText: probe.withText)
            writer.append(3)
            for key in keys.probed(tag) { writer.append(key) }
            writer.append(everything ? 1 : 0)
        }
    }

    private func result(of reply: Result<RedisReply, RedisFailure>) -> ProbeResult {
        switch reply {
        case .success(.array(let lists)) where lists.count == 2:
            guard let needed = Refused(list: lists[0]), let rest = Refused(list: lists[1]) else { break }
            if let reason = needed.reason(user: user, keys: keys) { return .refused(reason: reason) }
            return .works(lacks: rest.commands)
        case .success(.error(let text)):
            return .refused(reason: Refused(ErrorReply(text)).reason(user: user, keys: keys) ?? text)
        case .success: break
        case .failure(.notSent(let reason)), .failure(.lost(let reason)), .failure(.late(let reason)):
            return .unreachable(reason: reason)
        }
        return .refused(reason: "its reply is not what the script returns")
    }
}

/// Commands that were refused, each with the server's error.
private struct Refused {
    private var replies: [(command: String, reply: ErrorReply)] = []

    var commands: [String] { replies.map(\.command) }

    /// An error of the script as a whole, which names the command itself.
    init(_ reply: ErrorReply) {
        let named = reply.text.firstMatch(of: /'([a-z|]{1,32})' command/)
        replies = [(named.map { String($0.output.1).uppercased() } ?? "", reply)]
    }

    /// - Returns: nil if this is not a flat list of commands and errors.
    init?(list: RedisReply) {
        guard case .array(let flat) = list, flat.count.isMultiple(of: 2) else { return nil }
        for index in stride(from: 0, to: flat.count, by: 2) {
            guard case .bulk(let command) = flat[index], case .bulk(let reply) = flat[index + 1] else {
                return nil
            }
            replies.append((String(buffer: command), ErrorReply(String(buffer: reply))))
        }
    }

    /// The reason, and for a missing right the command to type; nil if nothing was refused.
    func reason(user: String, keys: LedgerKeys) -> String? {
        guard let first = replies.first else { return nil }
        if let other = replies.first(where: { $0.reply.code != "NOPERM" }) { return other.reply.text }
        if first.reply.text.contains(" key") {
            return "\(first.reply.text). Its user may not use keys that begin with '\(keys.prefix)'. "
                + "Type: ACL SETUSER \(user) ~\(keys.prefix)*"
        }
        let rights = commands.filter { !$0.isEmpty }.map { "+\($0.lowercased())" }.joined(separator: " ")
        return "\(first.reply.text). Type: ACL SETUSER \(user) \(rights.isEmpty ? "+eval +evalsha" : rights)"
    }
}
