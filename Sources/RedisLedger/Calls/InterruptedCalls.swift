// Calls whose connection ended before the reply came. They wait, each until its deadline, for the
// next connection, to be sent once more: their ids make that safe.

import Accounting
import NIOCore

/// Used on the event loop only.
final class InterruptedCalls {
    private let eventLoop: any EventLoop
    private let commandDeadline: TimeAmount
    /// In the order of their deadlines.
    private var waiting: [(call: LedgerCall, reason: String)] = []
    private var timer: Scheduled<Void>?
    private var isClosed = false

    init(eventLoop: any EventLoop, commandDeadline: TimeAmount) {
        self.eventLoop = eventLoop
        self.commandDeadline = commandDeadline
    }

    /// Keeps a call for the next connection.
    /// - Returns: false if it cannot be repeated: it was before, or it is too old.
    func keep(_ call: LedgerCall, because reason: String) -> Bool {
        guard !isClosed, !call.isRepeat, eventLoop.now < dueAt(call) else { return false }
        waiting.append((call, reason))
        if waiting.count == 1 { setTimer() }
        return true
    }

    /// A link is ready, perhaps the one that some of the calls wait for.
    /// - Parameter send: sends a call, or returns false if its link is not ready.
    func sendAgain(_ send: (LedgerCall) -> Bool) {
        guard !waiting.isEmpty else { return }
        let calls = waiting
        waiting = []
        timer?.cancel()
        for interrupted in calls {
            interrupted.call.becomeRepeat()
            if !send(interrupted.call) { waiting.append(interrupted) }
        }
        setTimer()
    }

    /// Fails the calls, and keeps none from now on.
    func close() {
        isClosed = true
        timer?.cancel()
        fail(waiting.count)
    }

    private func dueAt(_ call: LedgerCall) -> NIODeadline { call.departure + commandDeadline }

    private func setTimer() {
        guard let first = waiting.first else { return }
        timer = eventLoop.assumeIsolated().scheduleTask(deadline: dueAt(first.call)) { [weak self] in
            guard let self else { return }
            let now = eventLoop.now
            fail(waiting.prefix { self.dueAt($0.call) <= now }.count)
            setTimer()
        }
    }

    /// Fails the oldest.
    private func fail(_ count: Int) {
        let overdue = waiting.prefix(count)
        waiting.removeFirst(count)
        for interrupted in overdue { interrupted.call.fail(.outcomeUnknown(interrupted.reason)) }
    }
}
