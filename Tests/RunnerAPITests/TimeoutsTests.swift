// How long anything may take. The test moves the time: nothing here waits.

import NIOCore
import NIOEmbedded
import Testing

@testable import RunnerAPI

@Suite("Timeouts")
struct TimeoutsTests {
    private typealias Client = EmbeddedClient

    private static var settings: RunnerSettings {
        var settings = RunnerSettings()
        settings.headerTimeout = .seconds(2)
        settings.idleTimeout = .seconds(30)
        settings.writeTimeout = .seconds(5)
        return settings
    }

    /// A timeout ends late by at most two ticks, and never early.
    private static let late = TimeAmount.milliseconds(250)

    private static let tooLate = Client.reply(
        "408 Request Timeout", ["Connection: close"],
        """
        {"type":"urn:stint:problem:request-timeout","title":"Request Timeout","status":408,\
        "detail":"the request must arrive within 2.0 seconds"}
        """)

    @Test(
        "A request that does not arrive in time is answered 408, however it dribbles",
        arguments: [
            "POST ", "POST /v1/accounts/a/executions HTTP/1.1\r\nHost: localhost\r\n",
            Client.post("/x", "{}").dropLast(1).description,
        ])
    func slowSender(_ beginning: String) throws {
        let client = try Client(settings: Self.settings)
        _ = try client.ask(Client.peek)
        client.eventLoop.advanceTime(by: .seconds(20))
        let steps = Int64(beginning.utf8.count)
        for byte in beginning.utf8 {
            try client.send([byte])
            client.eventLoop.advanceTime(by: .nanoseconds(1_990_000_000 / steps))
        }
        #expect(try client.received() == "")
        #expect(client.isOpen)
        client.eventLoop.advanceTime(by: .milliseconds(10) + Self.late)
        #expect(try client.received() == Self.tooLate)
        #expect(!client.isOpen)
    }

    @Test(
        "A request whose head came together with the request before it is timed like any other",
        arguments: ["", "{", "{\"durationMs\":"])
    func slowBodyOfSecond(_ beginning: String) throws {
        let client = try Client(settings: Self.settings)
        let head = Client.settle("a", #"{"durationMs":1}"#).prefix { $0 != "{" }
        #expect(try client.ask(Client.peek + head + beginning).hasPrefix("HTTP/1.1 200 "))
        client.eventLoop.advanceTime(by: .milliseconds(1_990))
        #expect(client.isOpen)
        client.eventLoop.advanceTime(by: .milliseconds(10) + Self.late)
        #expect(try client.received() == Self.tooLate)
        #expect(!client.isOpen)
    }

    @Test("The beginning of a second request is timed like that of a first")
    func slowSecond() throws {
        let client = try Client(settings: Self.settings)
        #expect(try client.ask(Client.peek + "GET /v1/accounts/a").hasPrefix("HTTP/1.1 200 "))
        client.eventLoop.advanceTime(by: .milliseconds(1_990))
        #expect(client.isOpen)
        client.eventLoop.advanceTime(by: .milliseconds(10) + Self.late)
        #expect(try client.received() == Self.tooLate)
    }

    @Test("An idle connection is closed without a word, new or used")
    func idle() throws {
        for request in ["", Client.peek] {
            let client = try Client(settings: Self.settings)
            try client.send(request)
            _ = try client.received()
            client.eventLoop.advanceTime(by: .milliseconds(29_990))
            #expect(client.isOpen)
            client.eventLoop.advanceTime(by: .milliseconds(10) + Self.late)
            #expect(!client.isOpen)
            #expect(try client.received() == "")
        }
    }

    @Test("Every request begins the idle time anew")
    func busy() throws {
        let client = try Client(settings: Self.settings)
        for _ in 0..<10 {
            #expect(try client.ask(Client.peek).hasPrefix("HTTP/1.1 200 "))
            client.eventLoop.advanceTime(by: .seconds(29))
        }
        #expect(client.isOpen)
    }

    @Test("Waiting for the ledger is neither idle nor slow")
    func slowLedger() throws {
        let client = try Client(isScripted: true, settings: Self.settings)
        try client.send(Client.admit())
        client.eventLoop.advanceTime(by: .minutes(10))
        #expect(client.isOpen)
        client.scripted.answer()
        #expect(try client.received().hasPrefix("HTTP/1.1 201 "))
        client.eventLoop.advanceTime(by: .seconds(29))
        #expect(client.isOpen, "idle since the reply, not since the request")
    }

    @Test("A sender is not slow while the service does not read from it")
    func notReading() throws {
        let client = try Client(isScripted: true, settings: Self.settings)
        try client.send(String(repeating: Client.admit(), count: 33) + "GET /v1/acc")
        client.channel.read()
        client.eventLoop.advanceTime(by: .minutes(1))
        #expect(client.isOpen)
        var replies = ""
        while !client.scripted.waiting.isEmpty {
            client.scripted.answer()
            replies += try client.received()
        }
        #expect(replies.ranges(of: "HTTP/1.1 201 ").count == 33)
        client.eventLoop.advanceTime(by: .milliseconds(1_900))
        #expect(
            try client.ask("ounts/a/limits HTTP/1.1\r\nHost: localhost\r\n\r\n").hasPrefix("HTTP/1.1 200 ")
                == false)
        client.scripted.answer()
        #expect(try client.received().hasPrefix("HTTP/1.1 200 "))
    }

    @Test("A client that does not read its replies is asked nothing more and dropped")
    func stalled() throws {
        let client = try Client(isScripted: true, settings: Self.settings)
        client.channel.isWritable = false
        client.channel.pipeline.fireChannelWritabilityChanged()
        try client.send(Client.admit())
        #expect(client.scripted.waiting.isEmpty)
        let reads = client.probe.reads
        client.channel.read()
        #expect(client.probe.reads == reads)
        client.eventLoop.advanceTime(by: .milliseconds(4_990))
        #expect(client.isOpen)
        client.eventLoop.advanceTime(by: .milliseconds(10) + Self.late)
        #expect(!client.isOpen)
    }

    @Test("A client that reads again in time is served again")
    func recovered() throws {
        let client = try Client(settings: Self.settings)
        client.channel.isWritable = false
        client.channel.pipeline.fireChannelWritabilityChanged()
        try client.send(Client.admit())
        client.channel.read()
        client.eventLoop.advanceTime(by: .seconds(4))
        let reads = client.probe.reads
        client.channel.isWritable = true
        client.channel.pipeline.fireChannelWritabilityChanged()
        #expect(try client.received().hasPrefix("HTTP/1.1 201 "))
        #expect(client.probe.reads == reads + 1)
        client.eventLoop.advanceTime(by: .seconds(10))
        #expect(client.isOpen)
    }

    @Test("At the bound the connection that is idle for longest gives way, and never one that asks something")
    func longestIdle() throws {
        var settings = Self.settings
        settings.maximumConnections = 3
        let client = try Client(isScripted: true, settings: settings)
        let first = client.channel
        client.eventLoop.advanceTime(by: .seconds(1))
        try client.reconnect()
        let busy = client.channel
        try client.send("POST /v1/accounts/acme/exec")
        client.eventLoop.advanceTime(by: .seconds(1))
        try client.reconnect()
        let third = client.channel
        #expect(first.isActive)
        try client.reconnect()
        #expect(!first.isActive && third.isActive)
        client.eventLoop.advanceTime(by: .milliseconds(500))
        try client.send(Client.admit())
        try client.reconnect()
        #expect(!third.isActive)
        try client.send(Client.admit())
        #expect(busy.isActive && client.scripted.waiting.count == 2)
        try client.reconnect()
        #expect(try client.received().hasPrefix("HTTP/1.1 503 "))
        #expect(busy.isActive && client.metrics["stint_http_connections"] == 3)
    }

    @Test("Nothing ticks when no connection is open")
    func rest() throws {
        let client = try Client(settings: Self.settings)
        client.eventLoop.advanceTime(by: .seconds(1))
        #expect(client.runner.tick > 0)
        client.hangUp()
        let tick = client.runner.tick
        client.eventLoop.advanceTime(by: .seconds(10))
        #expect(client.runner.tick == tick)
    }
}
