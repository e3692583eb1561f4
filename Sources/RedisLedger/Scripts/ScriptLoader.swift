// Has the server keep the ledger's scripts, each time a link to it is ready.

import Logging
import NIOCore
import Redis

/// The scripts of one ledger.
final class ScriptLoader {
    /// Decides questions.
    let decide: LoadedScript
    /// Tries whether decisions can be written.
    let probe = LoadedScript(LedgerScript.probe)
    /// Looks through account ledgers for holds that have expired.
    let sweep = LoadedScript(LedgerScript.sweep)
    private let logger: Logger

    /// - Parameter logRows: as the ledger has it.
    init(logRows: Int, logger: Logger) {
        decide = LoadedScript(LedgerScript.text(logRows: logRows))
        self.logger = logger
    }

    func load(over link: RedisLink) {
        for script in [decide, probe, sweep] { load(script, over: link) }
    }

    private func load(_ script: LoadedScript, over link: RedisLink) {
        // A server that takes one script takes all, so one line in the log is enough.
        let level: Logger.Level = script === decide ? .warning : .debug
        let callback = ReplyCallback { [logger] reply in
            switch reply {
            case .success(.bulk(let bytes)): script.digest = String(buffer: bytes)
            case .success(.status(let text)): script.digest = text
            case .success(let other):
                logger.log(
                    level: level, "the server does not take the ledger's script",
                    metadata: ["reply": "\(other)"])
            case .failure(let failure):
                logger.debug("the ledger's script was not loaded", metadata: ["reason": "\(failure)"])
            }
        }
        link.send(argumentCount: 3, to: callback) { writer in
            writer.append("SCRIPT")
            writer.append("LOAD")
            writer.append(script.text)
        }
    }
}

/// A script, and how the server calls it.
final class LoadedScript {
    /// Made once and not where it is sent: putting it together takes a while, which would count
    /// against the first deadline.
    let text: ByteBuffer
    /// As the server said it; it is the same for every server. Nil: calls carry the text.
    var digest: String?

    init(_ text: ByteBuffer) { self.text = text }

    /// Appends the command's name and the script.
    /// - Parameter withText: false only where there is a digest.
    func append(to writer: inout CommandWriter, withText: Bool) {
        if let digest, !withText {
            writer.append("EVALSHA")
            writer.append(digest)
        } else {
            writer.append("EVAL")
            writer.append(text)
        }
    }
}
