// A link's deadlines and pauses, to the millisecond, in a time that the test moves.

import MetricsTestKit
import NIOCore
import Testing

@testable import Redis

@Suite("A link and time")
struct LinkTimeTests {
    @Test("an attempt ends at its deadline, whatever it waits for")
    func endsAttempts() throws {
        for listener in [EmbeddedLink.Listener.hangs, .accepts] {
            let rig = try EmbeddedLink { $0.connectDeadline = .milliseconds(90) }
            rig.closeConnection()
            rig.listener = listener
            rig.advance(ms: 10)
            #expect(rig.dialledAtMs == [0, 10])
            rig.advance(ms: 89)
            #expect(rig.dialledAtMs.count == 2)
            rig.advance(ms: 21)
            #expect(rig.dialledAtMs == [0, 10, 120])
            #expect(rig.warnings.last?.contains("no answer to connecting within") == true)
        }
    }

    @Test("a server that refuses is tried ever more rarely, and a good reply resets the pauses")
    func backsOff() throws {
        let rig = try EmbeddedLink()
        rig.listener = .refuses
        rig.closeConnection()
        rig.advance(ms: 2_000)
        let ends = [10, 30, 70, 150, 310, 630, 1_030, 1_430, 1_830]
        #expect(rig.dialledAtMs == [0] + ends)
        rig.listener = .accepts
        rig.advance(ms: 230)
        try rig.reply("+PONG\r\n")
        let asker = rig.ask("PING")[0]
        try rig.reply("+PONG\r\n")
        #expect(asker.result == .success(.status("PONG")))
        rig.closeConnection()
        rig.advance(ms: 10)
        #expect(rig.dialledAtMs == [0] + ends + [2_230, 2_240])
    }

    @Test("a server that answers PING and nothing else is tried ever more rarely")
    func backsOffFromDeafServers() throws {
        let rig = try EmbeddedLink { $0.connectDeadline = .seconds(10) }
        for _ in 0..<9 {
            try rig.reply("+PONG\r\n")
            #expect(rig.link.isReady)
            rig.closeConnection()
            rig.advance(ms: 400)
        }
        // After each connection so long; the loop of this test waits for 400 ms each time.
        let pauses = zip(rig.dialledAtMs.dropFirst(), 0...).map { $0 - 400 * $1 }
        #expect(pauses == [10, 20, 40, 80, 160, 320, 400, 400, 400])
    }

    @Test("a slow command holds up those behind it, and none of them is late by its own deadline")
    func keepsDeadlinesPerCommand() throws {
        let rig = try EmbeddedLink.ready { $0.commandDeadline = .milliseconds(75) }
        // Each is sent while the one before runs: the queue is never empty, and no command waits
        // for more than 70 ms.
        var askers = rig.ask("SLOW")
        for _ in 0..<20 {
            rig.advance(ms: 10)
            askers += rig.ask("SLOW")
            rig.advance(ms: 30)
            try rig.reply("+OK\r\n")
        }
        rig.advance(ms: 1)
        try rig.reply("+OK\r\n")
        #expect(askers.allSatisfy { $0.result == .success(.status("OK")) })
        #expect(rig.readyCount == 1 && rig.warnings.isEmpty)
    }

    @Test("what a full socket does not take leaves when it takes more, once")
    func waitsForSocket() throws {
        let rig = try EmbeddedLink.ready()
        rig.isWritable = false
        let asker = rig.ask("PING")[0]
        #expect(try rig.received().isEmpty)
        rig.isWritable = true
        #expect(try rig.received() == "*1\r\n$4\r\nPING\r\n")
        try rig.reply("+PONG\r\n")
        #expect(asker.result == .success(.status("PONG")))
    }

    @Test("a caller hears at once when the connection ends: what was written is lost, the rest was not sent")
    func failsAtOnce() throws {
        let rig = try EmbeddedLink.ready()
        let written = rig.ask("INCR n", "INCR n")
        rig.isWritable = false
        let unwritten = rig.ask("INCR n")
        rig.closeConnection()
        #expect(written.allSatisfy { $0.isLost } && unwritten.allSatisfy { $0.isNotSent })
        #expect(rig.ask("PING").allSatisfy { $0.isNotSent })
    }

    // MARK: Late replies

    @Test("a late reply costs its asker, nobody else: the next commands use the same connection")
    func outlivesLateReply() throws {
        let rig = try EmbeddedLink.ready { $0.commandDeadline = .milliseconds(75) }
        let late = rig.ask("GET a")[0]
        rig.advance(ms: 50)
        let inTime = rig.ask("GET b")[0]
        rig.advance(ms: 26)
        #expect(late.isLost && late.answeredAtMs == 76 && inTime.results.isEmpty)
        let refused = rig.ask("GET c")[0]
        #expect(refused.result == .failure(.notSent("the server is not answering")))
        rig.advance(ms: 10)
        // Both replies, in one read: the first is nobody's.
        try rig.reply("+a\r\n+b\r\n")
        #expect(late.results.count == 1 && inTime.result == .success(.status("b")))
        let next = rig.ask("GET d", "GET e")
        try rig.reply("+d\r\n+e\r\n")
        #expect(next.map(\.result) == [.success(.status("d")), .success(.status("e"))])
        #expect(rig.dialledAtMs == [0] && rig.readyCount == 2)
        #expect(rig.warnings.count == 1)
        #expect(rig.metrics.counterTotal(label: "stint_redis_timeouts_total") == 1)
        #expect(rig.metrics.counterTotal(label: "stint_redis_disconnections_total") == 0)
    }

    @Test("a reply that is found when the loop has read its sockets once more is not late")
    func looksTwice() throws {
        let rig = try EmbeddedLink.ready { $0.commandDeadline = .milliseconds(75) }
        let asker = rig.ask("GET a")[0]
        rig.advance(ms: 75)
        try rig.reply("+a\r\n")
        rig.advance(ms: 100)
        #expect(asker.result == .success(.status("a")))
    }

    @Test("a silent server fails each command at its deadline, and is left after the limit on silence")
    func leavesSilentServer() throws {
        let rig = try EmbeddedLink.ready {
            $0.commandDeadline = .milliseconds(75)
            $0.silenceLimit = .seconds(1)
        }
        var askers: [Asker] = []
        for _ in 0..<20 {
            askers += rig.ask("INCR n")
            rig.advance(ms: 10)
        }
        // Those of the first 80 ms were written; from then on nothing was.
        #expect(askers.map(\.isLost) == (0..<20).map { $0 < 8 })
        #expect(askers.map(\.isNotSent) == (0..<20).map { $0 >= 8 })
        let times = askers.prefix(8).map { $0.answeredAtMs }
        #expect(times == (0..<8).map { 76 + 10 * $0 })
        #expect(try rig.received().split(separator: "INCR").count == 9)
        rig.advance(ms: 800)
        #expect(rig.isOpen && !rig.link.isReady)
        rig.advance(ms: 1)
        #expect(!rig.isOpen)
        rig.advance(ms: 10)
        try rig.reply("+PONG\r\n")
        let next = rig.ask("INCR n")[0]
        try rig.reply(":9\r\n")
        #expect(next.result == .success(.integer(9)) && rig.readyCount == 2)
    }

    @Test("bytes that never become a reply are silence too")
    func leavesDribblingServer() throws {
        let rig = try EmbeddedLink.ready()
        rig.ask("GET a")
        try rig.reply("$1000\r\n")
        for _ in 0..<100 {
            rig.advance(ms: 10)
            try rig.reply("x")
        }
        rig.advance(ms: 1)
        #expect(!rig.isOpen)
    }

    @Test("what a full socket had not when a reply was late is never sent")
    func discardsUnsent() throws {
        let rig = try EmbeddedLink.ready { $0.commandDeadline = .milliseconds(75) }
        let written = rig.ask("INCR n")[0]
        rig.isWritable = false
        let unwritten = rig.ask("INCR n", "INCR n")
        _ = try rig.received()
        rig.advance(ms: 76)
        #expect(written.isLost && unwritten.allSatisfy { $0.isNotSent })
        rig.isWritable = true
        #expect(try rig.received().isEmpty)
        try rig.reply(":1\r\n")
        #expect(rig.link.isReady)
        let next = rig.ask("INCR n")[0]
        #expect(try rig.received() == "*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n")
        try rig.reply(":2\r\n")
        #expect(next.result == .success(.integer(2)))
    }

    @Test("forgotten commands count among those in flight until their replies have come")
    func countsForgotten() throws {
        let rig = try EmbeddedLink.ready {
            $0.commandDeadline = .milliseconds(75)
            $0.maximumInFlight = 2
        }
        rig.ask("GET a", "GET b")
        rig.advance(ms: 76)
        let meter = try rig.metrics.expectMeter("stint_redis_in_flight", [("role", "single")])
        #expect(meter.values.last == 2)
        try rig.reply("+a\r\n")
        let next = rig.ask("GET c", "GET d")
        #expect(next[1].result == .failure(.notSent("too many commands wait for replies")))
        try rig.reply("+b\r\n+c\r\n")
        #expect(meter.values.last == 0)
        #expect(next[0].result == .success(.status("c")))
    }

    @Test("a server that is always late is asked now and then, and nobody hears another's reply")
    func livesWithLateServer() throws {
        let rig = try EmbeddedLink.ready { $0.commandDeadline = .milliseconds(75) }
        var askers: [Asker] = []
        var due: [(ms: Int, reply: String)] = []
        // Each command is answered after 300 ms.
        for ms in 0..<3_000 {
            if ms.isMultiple(of: 20) {
                askers += rig.ask("GET \(ms)")
                if try !rig.received().isEmpty { due.append((ms + 300, "+\(ms)\r\n")) }
            }
            while let first = due.first, first.ms <= rig.nowMs { try rig.reply(due.removeFirst().reply) }
            rig.advance(ms: 1)
        }
        #expect(askers.allSatisfy { $0.isLost || $0.isNotSent || $0.results.isEmpty })
        #expect(askers.count { $0.isLost } > 20 && askers.count { $0.isNotSent } > 80)
        #expect(rig.dialledAtMs == [0] && rig.warnings.count == 1)
    }
}
