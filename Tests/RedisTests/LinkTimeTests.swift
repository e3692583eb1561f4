// A link's deadlines and pauses, to the millisecond, in a time that the test moves.

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
        // Each is sent while the one before runs: the queue is never empty, and no command waits for
        // more than 70 ms.
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
}
