// What a link does to learn that its connection has died before a command needs it: in decisions,
// in a time that the test moves, and with a real server behind a proxy that forgets.

import NIOCore
import NIOPosix
import TestServers
import Testing

@testable import Redis

private let ping = "*1\r\n$4\r\nPING\r\n"

@Suite("A link that is idle", .serialized, .timeLimit(.minutes(2)))
struct LinkKeepAliveTests {
    private static func at(_ ms: Int) -> NIODeadline { .uptimeNanoseconds(UInt64(ms) * 1_000_000) }

    /// A link whose first connection takes commands.
    private static func ready() throws -> LinkState<Int> {
        var settings = RedisSettings(url: try RedisURL("redis://h"))
        settings.commandDeadline = .milliseconds(75)
        var link = LinkState<Int>(settings, random: SystemRandomNumberGenerator())
        _ = link.start()
        _ = link.connected(Attempt(number: 1))
        _ = link.replied(.status("PONG"))
        return link
    }

    // MARK: Decisions

    @Test("A PING goes when nothing was sent for so long, and never into a queue")
    func decides() throws {
        var link = try Self.ready()
        _ = link.send(1, at: Self.at(1_000))
        link.handOver()
        let waiting = link.idleTimerFired(at: Self.at(5_000))
        #expect(waiting == [.setIdleTimer(.seconds(5))], "replies that are missing have their deadlines")
        _ = link.replied(.null)
        _ = link.checkReplies(at: Self.at(1_075))
        let early = link.idleTimerFired(at: Self.at(5_500))
        #expect(early == [.setIdleTimer(.milliseconds(500))])
        let due = link.idleTimerFired(at: Self.at(6_000))
        #expect(due == [.ping, .setReplyTimer(Self.at(6_075)), .setIdleTimer(.seconds(5))])
        #expect(link.waitingCount == 1)
        link.handOver()
        let answered = link.replied(.status("PONG"))
        #expect(answered == ReplyOutcome() && link.waitingCount == 0)
    }

    @Test("A PING without a reply stalls the link, and ends the connection, as any command does")
    func replacesDeadConnection() throws {
        var link = try Self.ready()
        _ = link.idleTimerFired(at: Self.at(5_000))
        link.handOver()
        _ = link.checkReplies(at: Self.at(5_075))
        let stalled = link.checkReplies(at: Self.at(5_076))
        #expect(stalled.contains(.countTimeouts(1)) && !link.isReady)
        _ = link.checkReplies(at: Self.at(6_000))
        let left = link.checkReplies(at: Self.at(6_001))
        #expect(left.contains(.closeSocket) && left.contains(.countDisconnection))
        let closed = link.idleTimerFired(at: Self.at(10_000))
        #expect(closed == [])
    }

    @Test("A late reply to a PING is nobody else's")
    func discardsLatePong() throws {
        var link = try Self.ready()
        _ = link.idleTimerFired(at: Self.at(5_000))
        link.handOver()
        for ms in [5_075, 5_076] { _ = link.checkReplies(at: Self.at(ms)) }
        let late = link.replied(.status("PONG"))
        #expect(late == ReplyOutcome(actions: [.announceReady]))
        _ = link.send(1, at: Self.at(5_100))
        link.handOver()
        let next = link.replied(.integer(1))
        #expect(next.sink == 1)
    }

    // MARK: In time

    @Test("An idle link sends a PING each 5 s, a busy one none, and whatever the server says is alive")
    func pings() throws {
        let rig = try EmbeddedLink.ready()
        for reply in ["+PONG\r\n", "-LOADING Redis is loading\r\n", "-NOPERM no\r\n"] {
            rig.advance(ms: 4_999)
            #expect(try rig.received().isEmpty)
            rig.advance(ms: 1)
            #expect(try rig.received() == ping)
            try rig.reply(reply)
        }
        for _ in 0..<10 {
            rig.advance(ms: 2_000)
            let asker = rig.ask("GET a")[0]
            try rig.reply("+a\r\n")
            #expect(asker.result == .success(.status("a")))
        }
        #expect(try !rig.received().contains("PING"))
        rig.advance(ms: 5_000)
        #expect(try rig.received() == ping)
        #expect(rig.dialledAtMs == [0] && rig.warnings.isEmpty)
    }

    @Test("A connection that died in silence is replaced while nobody asks")
    func replacesInTime() throws {
        let rig = try EmbeddedLink.ready()
        rig.advance(ms: 6_001)
        #expect(!rig.isOpen)
        rig.advance(ms: 10)
        try rig.reply("+PONG\r\n")
        #expect(rig.dialledAtMs == [0, 6_011])
        let asker = rig.ask("GET a")[0]
        try rig.reply("+a\r\n")
        #expect(asker.result == .success(.status("a")))
    }

    // MARK: Real connections

    @Test("A connection that a proxy forgot is replaced before the next command, which is answered")
    func outlivesForgetfulProxy() async throws {
        try await RedisServer.withServer(.init(tcp: true)) { server in
            try await FaultyProxy.withProxy(to: server.port) { proxy in
                try await LinkRig.withLink("redis://127.0.0.1:\(proxy.port)") { settings in
                    patient(&settings)
                    settings.commandDeadline = .milliseconds(500)
                    settings.keepAlive = .milliseconds(100)
                } _: { rig in
                    try await rig.untilAnswered()
                    proxy.forget()
                    try await eventually("there is another connection") { rig.readyCount == 2 }
                    let answer = try await rig.send("PING")
                    #expect(answer.reply == .status("PONG"), "\(answer)")
                }
            }
        }
    }

    @Test("Sockets over TCP are kept alive by the kernel too")
    func setsSocketOptions() async throws {
        try await RedisServer.withServer(.init(tcp: true)) { server in
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let settings = RedisSettings(url: try RedisURL("redis://127.0.0.1:\(server.port)"))
            let loop = group.next()
            let values = try await loop.flatSubmit {
                Dialer(settings: settings, eventLoop: loop).dial().flatMap { channel in
                    let names: [ChannelOptions.Types.SocketOption] = [
                        .socketOption(.so_keepalive), .tcpOption(.tcp_nodelay),
                    ]
                    return EventLoopFuture.whenAllSucceed(names.map { channel.getOption($0) }, on: loop)
                        .flatMap { values in channel.close().map { values } }
                }
            }.get()
            #expect(values.allSatisfy { $0 != 0 }, "\(values)")
            try await group.shutdownGracefully()
        }
    }
}
