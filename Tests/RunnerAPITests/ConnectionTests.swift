// What a connection does with valid requests: keep-alive, pieces, chunks, expectations, order, and
// how much it accepts at once.

import Accounting
import NIOCore
import NIOEmbedded
import Testing

@testable import RunnerAPI

@Suite("A connection")
struct ConnectionTests {
    private typealias Client = EmbeddedClient
    private static let created = "HTTP/1.1 201 Created\r\n"

    @Test("stays open between requests and keeps their order")
    func keepAlive() throws {
        let client = try Client()
        #expect(try client.ask(Client.admit(#"{"id":"a"}"#)).contains(#""id":"a""#))
        #expect(try client.ask(Client.admit(#"{"id":"b"}"#)).contains(#""id":"b""#))
        let both = try client.ask(Client.admit(#"{"id":"c"}"#) + Client.admit(#"{"id":"d"}"#))
        #expect(both.ranges(of: /"id":"(c|d)"/).map { both[$0] } == [#""id":"c""#, #""id":"d""#])
        #expect(client.isOpen)
    }

    struct CloseRow: Sendable {
        let version: String
        let fields: String
        /// What the reply says about the connection.
        let message: String?
        let closes: Bool
    }

    @Test(
        "closes when the client asks for it, and tells an old client when it does not",
        arguments: [
            CloseRow(version: "1.1", fields: "Host: localhost\r\n", message: nil, closes: false),
            CloseRow(
                version: "1.1", fields: "Host: localhost\r\nConnection: close\r\n", message: "close",
                closes: true),
            CloseRow(
                version: "1.1", fields: "Host: localhost\r\nConnection: CLOSE\r\n", message: "close",
                closes: true),
            CloseRow(
                version: "1.1", fields: "Host: localhost\r\nConnection: x, close\r\n", message: "close",
                closes: true),
            CloseRow(version: "1.0", fields: "", message: "close", closes: true),
            CloseRow(
                version: "1.0", fields: "Host: localhost\r\nConnection: keep-alive\r\n",
                message: "keep-alive",
                closes: false),
            CloseRow(
                version: "1.1", fields: "Host: localhost\r\nConnection: upgrade\r\nUpgrade: h2c\r\n",
                message: nil,
                closes: false),
        ])
    func closing(_ row: CloseRow) throws {
        let client = try Client()
        let request = "GET /v1/accounts/a/limits HTTP/\(row.version)\r\n\(row.fields)\r\n"
        let reply = try client.ask(request + (row.closes ? request : ""))
        #expect(reply.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(reply.firstMatch(of: /Connection: ([a-z-]+)\r\n/).map { String($0.output.1) } == row.message)
        #expect(reply.ranges(of: "HTTP/1.1").count == 1)
        #expect(client.isOpen == !row.closes)
    }

    @Test("reads a request that is split at any byte")
    func split() throws {
        let request =
            Client.admit(#"{"id":"a","maxDurationMs":10}"#) + Client.settle("a", #"{"durationMs":1}"#)
            + Client.peek
        let whole = try Client().ask(request)
        #expect(whole.ranges(of: "HTTP/1.1 20").count == 3)
        for place in 1..<request.utf8.count {
            let client = try Client()
            try client.send(Array(request.utf8.prefix(place)))
            try client.send(Array(request.utf8.dropFirst(place)))
            #expect(try client.received() == whole, "split after \(place) bytes")
        }
        let client = try Client()
        for byte in request.utf8 { try client.send([byte]) }
        #expect(try client.received() == whole)
    }

    @Test("reads chunks, with extensions and trailers, split at any byte")
    func chunked() throws {
        let head =
            "POST /v1/accounts/a/executions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: Chunked\r\n\r\n"
        let request =
            head + "3\r\n{\"i\r\nA;x=y\r\nd\":\"piece\"\r\n01\r\n}\r\n0\r\nX-After: z\r\n\r\n" + Client.peek
        let whole = try Client().ask(request)
        #expect(whole.hasPrefix(Self.created))
        #expect(whole.contains(#""id":"piece""#))
        #expect(whole.contains("HTTP/1.1 200 OK"))
        for place in 1..<request.utf8.count {
            let client = try Client()
            try client.send(Array(request.utf8.prefix(place)))
            try client.send(Array(request.utf8.dropFirst(place)))
            #expect(try client.received() == whole, "split after \(place) bytes")
        }
    }

    @Test(
        "takes every way to say application/json",
        arguments: [
            "application/json", "Application/JSON", "application/json; charset=utf-8",
            "application/json;charset=UTF-8",
            "application/json ;x=y", "\tapplication/json",
        ])
    func mediaType(_ type: String) throws {
        let request = Client.admit().replacing("application/json", with: type)
        #expect(try Client().ask(request).hasPrefix(Self.created))
    }

    @Test(
        "finds the account in every form of a path",
        arguments: [
            "/v1/accounts/a@b:c.d_e-F9/limits", "/v1/accounts/a%40b%3ac%2Ed_e-F9/limits",
            "/v1/accounts/a@b:c.d_e-F9/limits?x=/../y", "http://localhost/v1/accounts/a@b:c.d_e-F9/limits",
            "HTTP://127.0.0.9:81/v1/accounts/a@b:c.d_e-F9/limits?",
            "hTTps://[::1]/v1/accounts/a@b:c.d_e-F9/limits",
        ])
    func paths(_ path: String) throws {
        #expect(try Client().ask(Client.get(path)).contains(#"{"account":"a@b:c.d_e-F9","#))
    }

    @Test("ignores the body of a GET, up to the size of any body")
    func bodyOfGet() throws {
        let client = try Client()
        let request =
            "GET /v1/accounts/a/limits HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello"
        #expect(try client.ask(request + request).ranges(of: "HTTP/1.1 200 OK").count == 2)
    }

    // MARK: Expectations

    private static let expecting = "Expect: 100-Continue\r\n"

    @Test("asks for the body when the client waits to be asked, and only then")
    func expectContinue() throws {
        let client = try Client()
        let request = Client.post("/v1/accounts/a/executions", #"{"id":"a"}"#, fields: Self.expecting)
        let head = request.dropLast(10)
        #expect(try client.ask(String(head)) == "HTTP/1.1 100 Continue\r\n\r\n")
        #expect(try client.ask(#"{"id":"a"}"#).hasPrefix(Self.created))
        #expect(try client.ask(request.replacing(#""a""#, with: #""b""#)).hasPrefix(Self.created))
        #expect(
            try client.ask(Client.get("/v1/accounts/a/limits", fields: Self.expecting)).hasPrefix(
                "HTTP/1.1 200 "))
        #expect(client.isOpen)
    }

    @Test("does not ask for a body that it would refuse, and closes")
    func expectNothing() throws {
        for head in [
            "POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n",
            "POST /v1/accounts/a/executions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n",
            "POST /v1/accounts/a/executions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 70000\r\n",
        ] {
            let client = try Client()
            let reply = try client.ask(head + Self.expecting + "\r\n")
            #expect(reply.hasPrefix("HTTP/1.1 4"))
            #expect(reply.contains("\r\nConnection: close\r\n"))
            #expect(!client.isOpen)
        }
    }

    @Test("asks for a body only after the replies to earlier requests")
    func expectInOrder() throws {
        let client = try Client(isScripted: true)
        let request = Client.post("/v1/accounts/a/executions", #"{"id":"b"}"#, fields: Self.expecting)
        #expect(try client.ask(Client.admit(#"{"id":"a"}"#) + request.dropLast(10)) == "")
        client.scripted.answer()
        let replies = try client.received()
        #expect(replies.hasPrefix(Self.created))
        #expect(replies.hasSuffix("}HTTP/1.1 100 Continue\r\n\r\n"))
    }

    @Test("does not tell an HTTP/1.0 client to continue")
    func expectOld() throws {
        let head =
            "POST /v1/accounts/a/executions HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
        let client = try Client()
        #expect(try client.ask(head + Self.expecting + "\r\n") == "")
        #expect(try client.ask("{}").hasPrefix(Self.created))
    }

    // MARK: Order and amount

    @Test("sends replies in the order of the requests, whatever the order of the answers")
    func order() throws {
        let client = try Client(isScripted: true)
        let ids = (0..<20).map { "run-\($0)" }
        try client.send(
            ids.map { Client.admit(#"{"id":"\#($0)"}"#) }.joined() + Client.get("/nope") + Client.admit("{"))
        var random = CountingGenerator()
        var replies = ""
        while client.scripted.waiting.count > 1 {
            client.scripted.answer(1 + Int(random.next() * 7) % (client.scripted.waiting.count - 1))
            replies += try client.received()
        }
        #expect(replies == "")
        client.scripted.answer()
        replies = try client.received()
        #expect(replies.matches(of: /"id":"(run-\d+)"/).map { String($0.output.1) } == ids)
        #expect(replies.matches(of: /HTTP\/1.1 (\d+)/).suffix(2).map { $0.output.1 } == ["404", "400"])
    }

    @Test("puts at most 32 questions at once, and reads no further before some are answered")
    func inFlight() throws {
        let client = try Client(isScripted: true)
        try client.send(String(repeating: Client.admit(), count: 100))
        #expect(client.scripted.waiting.count == 32)
        let reads = client.probe.reads
        client.channel.read()
        #expect(client.probe.reads == reads, "it read although 100 requests wait")
        var replies = 0
        for _ in 0..<68 {
            client.scripted.answer()
            replies += try client.received().ranges(of: "HTTP/1.1 ").count
            #expect(client.scripted.waiting.count == 32)
        }
        #expect(replies == 68)
        #expect(client.probe.reads == reads)
        client.scripted.answer()
        _ = try client.received()
        #expect(client.probe.reads == reads + 1, "it goes on reading")
        while !client.scripted.waiting.isEmpty { client.scripted.answer() }
        #expect(try client.received().ranges(of: "HTTP/1.1 ").count == 31)
    }

    @Test("sends what is answered together in one piece")
    func oneWrite() throws {
        let client = try Client(isScripted: true)
        try client.send(Client.admit() + Client.admit() + Client.admit())
        client.scripted.answer(1)
        client.scripted.answer(1)
        client.scripted.answer()
        client.eventLoop.run()
        let first = try client.channel.readOutbound(as: ByteBuffer.self)
        #expect(first.map { String(buffer: $0).ranges(of: Self.created).count } == 3)
        #expect(try client.channel.readOutbound(as: ByteBuffer.self) == nil)
    }

    // MARK: Ends

    @Test("answers what was asked before the client ended its half, then closes")
    func halfClosed() throws {
        let client = try Client(isScripted: true)
        try client.send(Client.admit() + Client.admit())
        client.endInput()
        client.scripted.answer()
        #expect(try client.received().hasPrefix(Self.created))
        #expect(client.isOpen)
        client.scripted.answer()
        #expect(try client.received().contains("\r\nConnection: close\r\n"))
        #expect(!client.isOpen)
    }

    @Test("closes at once when an idle client ends its half")
    func idleHalfClosed() throws {
        let client = try Client()
        _ = try client.ask(Client.admit())
        client.endInput()
        #expect(try client.received() == "")
        #expect(!client.isOpen)
    }

    @Test("counts the answers for a client that hung up, and nothing is left of it")
    func hangUp() throws {
        let client = try Client(isScripted: true)
        try client.send(Client.admit() + Client.admit() + Client.admit("{\"id"))
        weak let connection = try client.channel.pipeline.syncOperations.handler(type: Connection.self)
        #expect(connection != nil)
        client.hangUp()
        #expect(client.scripted.waiting.count == 2)
        client.scripted.answer()
        client.scripted.fail(.outcomeUnknown("late"))
        client.eventLoop.run()
        #expect(client.metrics[#"stint_decisions_total{verdict="admitted"}"#] == 1)
        #expect(client.metrics[#"stint_decisions_total{verdict="unavailable"}"#] == 1)
        #expect(client.metrics["stint_http_connections"] == 0)
        try client.reconnect()
        #expect(connection == nil)
        #expect(client.isOpen)
    }

    @Test("is let go although its ledger never answers")
    func neverAnswered() throws {
        let client = try Client(isScripted: true)
        try client.send(Client.admit() + Client.admit())
        weak let connection = try client.channel.pipeline.syncOperations.handler(type: Connection.self)
        client.hangUp()
        client.scripted.loseAll()
        try client.reconnect()
        #expect(connection == nil)
    }

    @Test("answers what has begun and closes when it is told to drain")
    func drain() throws {
        let client = try Client(isScripted: true)
        try client.send(Client.admit() + Client.admit() + "POST /v1/acc")
        let busy = client.channel
        try client.reconnect()
        let idle = client.channel
        var isDrained = false
        client.runner.drain().assumeIsolated().whenComplete { _ in isDrained = true }
        client.eventLoop.run()
        #expect(!idle.isActive)
        #expect(busy.isActive)
        while !client.scripted.waiting.isEmpty { client.scripted.answer() }
        client.eventLoop.run()
        #expect(!isDrained)
        try busy.writeInbound(
            ByteBuffer(string: "ounts/a/executions HTTP/1.1\r\nHost: localhost\r\n\r\n" + Client.admit()))
        #expect(client.scripted.waiting.count == 1, "the request that had begun, and not the one behind it")
        client.scripted.answer()
        client.eventLoop.run()
        var replies = ""
        while let bytes = try busy.readOutbound(as: ByteBuffer.self) { replies += String(buffer: bytes) }
        #expect(replies.ranges(of: Self.created).count == 3)
        #expect(replies.ranges(of: "Connection: close").count == 1)
        #expect(!busy.isActive)
        #expect(isDrained)
        try client.reconnect()
        client.eventLoop.run()
        #expect(!client.isOpen, "and it takes no new connection")
    }
}
