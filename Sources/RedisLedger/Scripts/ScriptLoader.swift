// Loads the ledger's scripts into the server each time a link to it is ready.

import Logging
import NIOCore
import Redis

/// The scripts of one ledger.
final class ScriptLoader {
    /// Decides questions.
    let decide: LoadedScript
    /// Tests whether decisions can be written.
    let probe = LoadedScript(LedgerScript.probe)
    /// Searches account ledgers for expired holds.
    let sweep = LoadedScript(LedgerScript.sweep)
    private let logger: Logger

    /// - Parameters:
    ///   - logRows: the same value as the ledger's.
    ///   - isAcknowledged: whether `WAIT` follows the calls.
    init(logRows: Int, isAcknowledged: Bool = false, logger: Logger) {
        decide = LoadedScript(LedgerScript.text(logRows: logRows, isAcknowledged: isAcknowledged))
        self.logger = logger
    }

    func load(over link: RedisLink) {
        for script in [decide, probe, sweep] { load(script, over: link) }
    }

    private func load(_ script: LoadedScript, over link: RedisLink) {
        // A server that accepts one script accepts all, so one line in the log is enough.
        let level: Logger.Level = script === decide ? .warning : .debug
        let callback = ReplyCallback { [logger] reply in
            switch reply {
            case .success(.bulk(let bytes)): script.digest = String(buffer: bytes)
            case .success(.status(let text)): script.digest = text
            case .success(let other):
                logger.log(
                    level: level, "the server does not accept the ledger's script",
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

/// A script, and the digest under which the server knows it.
final class LoadedScript {
    /// Made once, not when it is sent: joining the files takes a while, which would count against
    /// the first deadline.
    let text: ByteBuffer
    /// From the server; it is the same for every server. Nil: calls carry the text.
    var digest: String?

    init(_ text: ByteBuffer) { self.text = text }

    /// Appends the command's name and the script.
    /// - Parameter withText: may be false only if there is a digest.
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
