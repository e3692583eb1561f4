// Says in the log what Redis refuses: each cause once, however many calls meet it, and once that it
// is over; and once that rows of the log of executions are lost, which is no refusal: decisions are
// made all the same.

import Logging
import Redis
import Synchronization

final class RefusalLog: Sendable {
    /// Causes that are told apart until it is over, at most.
    static let maximumCauses = 16
    /// How long nothing must have been refused for it to be over.
    static let calm: Duration = .seconds(3)

    /// How long no row must have been lost for that to be over: one account that is rarely used may
    /// be all that is wrong.
    static let rowsCalm: Duration = .seconds(600)

    private struct State: Sendable {
        var logged: Set<String> = []
        var latest: ContinuousClock.Instant?
        /// When the latest row was lost, until that is over.
        var latestLostRow: ContinuousClock.Instant?
    }

    private let logger: Logger
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())

    init(logger: Logger, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.logger = logger
        self.now = now
    }

    /// A call was refused.
    /// - Parameter advice: what to say instead of what the server said.
    func refused(_ reply: ErrorReply, advice: String? = nil) {
        // The others name a slot or a server behind their code.
        guard isNew(["NOPERM", "ERR"].contains(reply.code) ? reply.text : reply.code) else { return }
        logger.warning(
            "Redis refuses: nothing can be charged", metadata: ["reason": "\(advice ?? reply.text)"])
    }

    /// Rows of the execution log could not be written.
    func lostRows() {
        let isNew = state.withLock { state in
            defer { state.latestLostRow = now() }
            return state.latestLostRow == nil
        }
        guard isNew else { return }
        logger.warning("rows of the execution log are lost; the settlements count all the same")
    }

    private func isNew(_ cause: String) -> Bool {
        state.withLock { state in
            state.latest = now()
            return state.logged.count < Self.maximumCauses && state.logged.insert(cause).inserted
        }
    }

    /// Something was written.
    func worked() {
        let instant = now()
        let (isOver, rowsAreOver) = state.withLock { state in
            let isOver = state.latest.map { $0.duration(to: instant) > Self.calm } ?? false
            if isOver { (state.logged, state.latest) = ([], nil) }
            let rowsAreOver = state.latestLostRow.map { $0.duration(to: instant) > Self.rowsCalm } ?? false
            if rowsAreOver { state.latestLostRow = nil }
            return (isOver, rowsAreOver)
        }
        if isOver { logger.notice("Redis takes writes again") }
        if rowsAreOver { logger.notice("no row of the execution log was lost for 10 minutes") }
    }
}
