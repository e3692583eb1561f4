// The log lines about refusals and lost rows: one when they start, and one when they end.

import InMemoryLogging
import Logging
import Redis
import Synchronization
import Testing

@testable import StintService

@Suite("Refusals in the log")
struct RefusalLogTests {
    /// A clock that goes when it is told to.
    private final class Clock: Sendable {
        private let instant = Mutex(ContinuousClock.now)

        var now: ContinuousClock.Instant { instant.withLock { $0 } }
        func pass(_ duration: Duration) { instant.withLock { $0 += duration } }
    }

    private let handler = InMemoryLogHandler()
    private let clock = Clock()
    private let refusals: RefusalLog

    init() {
        let (handler, clock) = (handler, clock)
        refusals = RefusalLog(logger: Logger(label: "test", factory: { _ in handler }), now: { clock.now })
    }

    private var message: [String] { handler.entries.map { "\($0.message)" } }

    @Test("A cause is told once, however often it is met, and once that it is over")
    func refused() {
        for _ in 0..<3 {
            for _ in 0..<3 { refusals.refused(ErrorReply("OOM command not allowed")) }
            refusals.worked()
            clock.pass(.seconds(2))
        }
        #expect(message == ["Redis refuses: nothing can be charged"])
        clock.pass(.seconds(2))
        for _ in 0..<3 { refusals.worked() }
        #expect(message.count == 2 && message.last == "Redis accepts writes again")
        refusals.refused(ErrorReply("OOM command not allowed"))
        #expect(message.count == 3)
    }

    @Test("Lost rows are told once while decisions are made, however rare they are, and are no refusal")
    func lostRows() {
        for _ in 0..<100 {
            refusals.lostRows()
            for _ in 0..<9 {
                clock.pass(.seconds(5))
                refusals.worked()
            }
        }
        #expect(
            message.count == 1 && message[0].hasPrefix("rows of the execution log are lost"), "\(message)")
        refusals.refused(ErrorReply("MISCONF disk"))
        clock.pass(.seconds(5))
        refusals.worked()
        #expect(message.count == 3 && message.last == "Redis accepts writes again", "\(message)")
        clock.pass(RefusalLog.rowsCalm)
        for _ in 0..<3 { refusals.worked() }
        #expect(message.count == 4 && message.last?.hasPrefix("no row") == true, "\(message)")
        refusals.lostRows()
        #expect(message.count == 5)
    }
}
