// What the connection of the control plane does itself: what it reads, what it answers, and how it
// ends. The test takes the place of Hummingbird.

import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import AdminAPI

@Suite("Admin connection")
struct AdminConnectionTests {
    /// The network: counts reads, and may send nothing of what is written.
    private final class Network: ChannelOutboundHandler {
        typealias OutboundIn = HTTPServerResponsePart
        typealias OutboundOut = HTTPServerResponsePart

        var reads = 0
        var isStuck = false
        private(set) var hasEndedOutput = false

        func read(context: ChannelHandlerContext) {
            reads += 1
            context.read()
        }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            if isStuck { unsent.append(promise) } else { context.write(data, promise: promise) }
        }

        func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
            guard mode == .output else {
                for promise in unsent { promise?.fail(ChannelError.ioOnClosedChannel) }
                unsent = []
                return context.close(mode: mode, promise: promise)
            }
            hasEndedOutput = true
            promise?.succeed()
        }

        private var unsent: [EventLoopPromise<Void>?] = []
    }

    private final class Rig {
        let loop = EmbeddedEventLoop()
        let network = Network()
        let slots: ConnectionSlots
        let channel: EmbeddedChannel

        /// - Parameter connections: 0 for a place for health.
        init(connections: Int = 1) throws {
            slots = ConnectionSlots(connections: connections, healthConnections: 1)
            channel = EmbeddedChannel(loop: loop)
            let slot = slots.claim(at: .now()) { [channel] in
                channel.triggerUserOutboundEvent(AdminConnection.MustGo(), promise: nil)
            }
            let timeouts = ConnectionTimeouts(
                on: try #require(slot), of: slots, bounds: AdminBounds(), eventLoop: loop)
            let connection = AdminConnection(AdminSecurity(), timeouts: timeouts)
            try channel.pipeline.syncOperations.addHandlers(network, connection)
            channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        }

        deinit { _ = try? channel.finish(acceptAlreadyClosed: true) }

        func ask(_ fields: HTTPHeaders = [:], path: String = "/livez", version: HTTPVersion = .http1_1) throws
        {
            var headers: HTTPHeaders = ["Host": "localhost"]
            for (name, value) in fields { headers.replaceOrAdd(name: name, value: value) }
            let head = HTTPRequestHead(version: version, method: .GET, uri: path, headers: headers)
            try channel.writeInbound(HTTPServerRequestPart.head(head))
            try channel.writeInbound(HTTPServerRequestPart.end(nil))
        }

        /// What a page of another origin asks; answered without asking anybody.
        func askFromElsewhere() throws { try ask(["Origin": "http://x"]) }

        /// Hummingbird answers.
        func answer() throws {
            let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: ["Content-Length": "0"])
            channel.write(HTTPServerResponsePart.head(head), promise: nil)
            channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
        }

        /// The heads of all replies that were sent since the last time.
        func replies() throws -> [HTTPResponseHead] {
            var heads: [HTTPResponseHead] = []
            while let part = try channel.readOutbound(as: HTTPServerResponsePart.self) {
                if case .head(let head) = part { heads.append(head) }
            }
            return heads
        }

        func someoneComes() -> ConnectionSlots.Slot? { slots.claim(at: .now() + .seconds(1)) {} }
    }

    @Test("While 32 replies are owed nothing is read; then reading goes on")
    func owed() throws {
        let rig = try Rig()
        try rig.ask()
        for _ in 1..<31 { try rig.askFromElsewhere() }
        rig.channel.read()
        #expect(rig.network.reads == 1)
        try rig.askFromElsewhere()
        rig.channel.read()
        #expect(rig.network.reads == 1)
        try rig.answer()
        #expect(rig.network.reads == 2)
        #expect(try rig.replies().map(\.status.code) == [200] + Array(repeating: 403, count: 31))
    }

    @Test("While the client does not read, nothing is read from it")
    func unread() throws {
        let rig = try Rig()
        rig.channel.isWritable = false
        rig.channel.pipeline.fireChannelWritabilityChanged()
        rig.channel.read()
        #expect(rig.network.reads == 0)
        rig.channel.isWritable = true
        rig.channel.pipeline.fireChannelWritabilityChanged()
        #expect(rig.network.reads == 1)
    }

    @Test("However many refusals wait for one reply, all are sent behind it")
    func manyRefusals() throws {
        let rig = try Rig()
        try rig.ask()
        for _ in 0..<10_000 { try rig.askFromElsewhere() }
        #expect(try rig.replies().isEmpty)
        try rig.answer()
        #expect(try rig.replies().count == 10_001)
        #expect(rig.channel.isActive)
    }

    @Test("A last reply that is not read holds the connection for 10 s, whoever else would close it")
    func lastUnread() throws {
        for isStalled in [false, true] {
            let rig = try Rig()
            rig.network.isStuck = true
            if isStalled {
                rig.channel.isWritable = false
                rig.channel.pipeline.fireChannelWritabilityChanged()
            }
            try rig.ask(["Connection": "close"])
            rig.loop.advanceTime(by: .seconds(4))
            try rig.answer()
            rig.channel.close(promise: nil)
            rig.loop.advanceTime(by: .milliseconds(isStalled ? 5_999 : 9_999))
            #expect(rig.channel.isActive)
            rig.loop.advanceTime(by: .milliseconds(1))
            #expect(!rig.channel.isActive)
        }
    }

    @Test("A last reply whose reading goes on has 10 s more")
    func lastReadSlowly() throws {
        let rig = try Rig()
        rig.network.isStuck = true
        rig.channel.isWritable = false
        rig.channel.pipeline.fireChannelWritabilityChanged()
        try rig.ask(["Connection": "close"])
        try rig.answer()
        rig.loop.advanceTime(by: .seconds(9))
        rig.channel.isWritable = true
        rig.channel.pipeline.fireChannelWritabilityChanged()
        rig.loop.advanceTime(by: .milliseconds(9_999))
        #expect(rig.channel.isActive)
        rig.loop.advanceTime(by: .milliseconds(1))
        #expect(!rig.channel.isActive)
    }

    @Test("After a last reply that is sent, the client has 1 s to leave")
    func lastSent() throws {
        let rig = try Rig()
        try rig.ask(["Connection": "close"])
        try rig.answer()
        #expect(rig.network.hasEndedOutput)
        rig.channel.pipeline.fireChannelWritabilityChanged()
        rig.loop.advanceTime(by: .milliseconds(999))
        #expect(rig.channel.isActive)
        rig.loop.advanceTime(by: .milliseconds(1))
        #expect(!rig.channel.isActive)
    }

    @Test("Whoever has a last reply to read keeps an ordinary place, and gives up one for health")
    func lastGivesWay() throws {
        let rig = try Rig()
        rig.network.isStuck = true
        try rig.ask(["Connection": "close"])
        try rig.answer()
        #expect(rig.someoneComes()?.kind == .health)
        #expect(rig.channel.isActive)

        let health = try Rig(connections: 0)
        health.network.isStuck = true
        try health.ask()
        #expect(health.someoneComes() == nil)
        try health.answer()
        #expect(health.someoneComes()?.kind == .health)
        #expect(!health.channel.isActive)
    }

    @Test("Whoever has read its last reply gives up its place at once, before it has left")
    func sentGivesWay() throws {
        let rig = try Rig()
        try rig.ask(["Connection": "close"])
        try rig.answer()
        #expect(rig.channel.isActive)
        #expect(rig.someoneComes()?.kind == .ordinary)
        #expect(!rig.channel.isActive)
    }

    @Test("A refusal tells a client of HTTP/1.0 that its connection stays")
    func oldRefusal() throws {
        let rig = try Rig()
        for (name, value) in [("Host", "evil.example"), ("Origin", "http://x")] {
            try rig.ask([name: value, "Connection": "keep-alive"], version: .http1_0)
            let reply = try #require(try rig.replies().first)
            #expect([403, 421].contains(reply.status.code))
            #expect(reply.headers["connection"] == ["keep-alive"])
        }
        #expect(rig.channel.isActive)
    }
}
