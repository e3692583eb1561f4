// Logs what Redis refuses: each cause once, not once per call, and once that it is over. Also logs
// once that rows of the execution log are lost. That is not a refusal: decisions continue.

import Logging
import Redis
import Synchronization

final class RefusalLog: Sendable {
    /// The most causes that are logged before it is over.
    static let maximumCauses = 16
    /// It is over when nothing has been refused for this long.
    static let calm: Duration = .seconds(3)

    /// The loss of rows is over when no row has been lost for this long. It is long because only
    /// one account may lose rows, and that account may be rarely used.
    static let rowsCalm: Duration = .seconds(600)

    private struct State: Sendable {
        var logged: Set<String> = []
        var latest: ContinuousClock.Instant?
        /// When the latest row was lost; nil once the loss is over.
        var latestLostRow: ContinuousClock.Instant?
    }

    private let logger: Logger
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())

    init(logger: Logger, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.logger = logger
        self.now = now
    }

    /// Logs a refused call.
    /// - Parameters:
    ///   - reply: the server's error.
    ///   - advice: what to log instead of the server's text.
    func refused(_ reply: ErrorReply, advice: String? = nil) {
        // Other errors name a slot or a server after their code, so only their code is compared.
        guard isNew(["NOPERM", "ERR"].contains(reply.code) ? reply.text : reply.code) else { return }
        logger.warning(
            "Redis refuses: nothing can be charged", metadata: ["reason": "\(advice ?? reply.text)"])
    }

    /// Logs that rows of the execution log could not be written.
    func lostRows() {
        let isNew = state.withLock { state in
            defer { state.latestLostRow = now() }
            return state.latestLostRow == nil
        }
        guard isNew else { return }
        logger.warning("rows of the execution log are lost; their settlements count")
    }

    private func isNew(_ cause: String) -> Bool {
        state.withLock { state in
            state.latest = now()
            return state.logged.count < Self.maximumCauses && state.logged.insert(cause).inserted
        }
    }

    /// A write has succeeded. Logs what is over.
    func worked() {
        let instant = now()
        let (isOver, rowsAreOver) = state.withLock { state in
            let isOver = state.latest.map { $0.duration(to: instant) > Self.calm } ?? false
            if isOver { (state.logged, state.latest) = ([], nil) }
            let rowsAreOver = state.latestLostRow.map { $0.duration(to: instant) > Self.rowsCalm } ?? false
            if rowsAreOver { state.latestLostRow = nil }
            return (isOver, rowsAreOver)
        }
        if isOver { logger.notice("Redis accepts writes again") }
        if rowsAreOver { logger.notice("no row of the execution log was lost for 10 minutes") }
    }
}
