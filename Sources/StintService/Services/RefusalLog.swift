// Says in the log what Redis refuses: each cause once, however many calls meet it, and once that it
// is over.

import Logging
import Redis
import Synchronization

final class RefusalLog: Sendable {
    /// Causes that are told apart until it is over, at most.
    static let maximumCauses = 16
    /// How long nothing must have been refused for it to be over.
    static let calm: Duration = .seconds(3)

    private struct State: Sendable {
        var told: Set<String> = []
        var latest = ContinuousClock.now
    }

    private let logger: Logger
    private let state = Mutex(State())

    init(logger: Logger) { self.logger = logger }

    /// A call was refused.
    /// - Parameter advice: what to say instead of what the server said.
    func refused(_ said: ErrorReply, advice: String? = nil) {
        // The others name a slot or a server behind their code.
        guard isNew(["NOPERM", "ERR"].contains(said.code) ? said.text : said.code) else { return }
        logger.warning(
            "Redis refuses: nothing can be charged", metadata: ["reason": "\(advice ?? said.text)"])
    }

    /// Rows of the execution log could not be written.
    func lostRows() {
        guard isNew("rows") else { return }
        logger.warning("rows of the execution log are lost; the settlements count all the same")
    }

    private func isNew(_ cause: String) -> Bool {
        state.withLock { state in
            state.latest = .now
            return state.told.count < Self.maximumCauses && state.told.insert(cause).inserted
        }
    }

    /// Something was written.
    func worked() {
        let isOver = state.withLock { state in
            guard !state.told.isEmpty, state.latest.duration(to: .now) > Self.calm else { return false }
            state.told = []
            return true
        }
        if isOver { logger.notice("Redis takes writes again") }
    }
}
