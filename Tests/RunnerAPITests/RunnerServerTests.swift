// The server on real sockets: where it listens, how connections end, and how it stops.

import Accounting
import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import RunnerAPI

@Suite("The server", .timeLimit(.minutes(1)))
struct RunnerServerTests {
    private typealias Client = EmbeddedClient

    // MARK: Connections

    @Test("It answers hundreds of pipelined requests in their order")
    func pipelined() async throws {
        try await RunnerServer.running { _, address in
            try await SocketClient.connected(to: address) { client in
                try await client.send(
                    (0..<500).map { Client.admit(#"{"id":"\#($0)","maxDurationMs":1}"#) }.joined())
                for id in 0..<500 {
                    let reply = try await client.reply()
                    #expect(reply.contains(#"{"id":"\#(id)","#))
                }
            }
        }
    }

    @Test("It answers what was asked before the client ended its half, then closes")
    func halfClosed() async throws {
        let gate = LedgerGate()
        try await RunnerServer.running(gate: gate) { _, address in
            try await SocketClient.connected(to: address) { client in
                try await client.send(Client.admit() + Client.admit())
                client.endInput()
                await gate.waitForQuestions(2)
                try await gate.open()
                let replies = try await client.rest()
                #expect(replies.ranges(of: "HTTP/1.1 201 Created").count == 2)
            }
        }
    }

    @Test("A client that still sends gets the error that made the service close")
    func lingering() async throws {
        try await RunnerServer.running { _, address in
            try await SocketClient.connected(to: address) { client in
                let head =
                    "POST /v1/accounts/a/executions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                try await client.send(head + "Content-Length: 1000000\r\n\r\n")
                for _ in 0..<100 { try await client.send(String(repeating: " ", count: 10_000)) }
                let reply = try await client.rest()
                #expect(reply.hasPrefix("HTTP/1.1 413 Content Too Large\r\n"))
                #expect(reply.hasSuffix("}"))
            }
        }
    }

    @Test("A slow sender is answered 408, an idle client is closed without a word")
    func slow() async throws {
        try await RunnerServer.running {
            $0.headerTimeout = .milliseconds(100)
        } _: { _, address in
            try await SocketClient.connected(to: address) { client in
                try await client.send(
                    "POST /v1/accounts/a/executions HTTP/1.1\r\nHost: localhost\r\nContent-Le")
                let rest = try await client.rest()
                #expect(rest.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
            }
        }
        try await RunnerServer.running {
            $0.idleTimeout = .milliseconds(100)
        } _: { _, address in
            try await SocketClient.connected(to: address) { client in
                let rest = try await client.rest()
                #expect(rest == "")
            }
        }
    }

    @Test("A client that does not read its replies is dropped")
    func stalled() async throws {
        try await RunnerServer.running {
            $0.writeTimeout = .milliseconds(100)
        } _: { _, address in
            await #expect(throws: (any Error).self) {
                try await SocketClient.connected(to: address, receiveBuffer: 4_096) { client in
                    let requests = String(repeating: Client.peek, count: 1_000)
                    while true { try await client.send(requests) }
                }
            }
        }
    }

    @Test(
        "One connection too many is told so and closed while all others ask; there is room again when one has left"
    )
    func tooMany() async throws {
        let metrics = RecordedMetrics()
        let gate = LedgerGate()
        try await RunnerServer.running({ $0.maximumConnections = 2 }, metrics: metrics, gate: gate) {
            _, address in
            try await SocketClient.connected(to: address) { first in
                try await first.send(Client.admit())
                await gate.waitForQuestions(1)
                try await SocketClient.connected(to: address) { second in
                    try await second.send(Client.admit())
                    await gate.waitForQuestions(1)
                    try await SocketClient.connected(to: address) { third in
                        let refusal = try await third.rest()
                        #expect(
                            refusal
                                == Client.reply(
                                    "503 Service Unavailable", ["Retry-After: 1", "Connection: close"],
                                    """
                                    {"type":"https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",\
                                    "title":"Temporary Reduced Capacity","status":503,\
                                    "detail":"all 2 connections are in use; nothing was admitted"}
                                    """))
                        third.endInput()
                    }
                    try await gate.open()
                    second.endInput()
                    let rest = try await second.rest()
                    #expect(rest.hasPrefix("HTTP/1.1 201 Created\r\n"))
                }
                try await SocketClient.connected(to: address) { fourth in
                    let reply = try await fourth.ask(Client.get("/"))
                    #expect(reply.hasPrefix("HTTP/1.1 404 "))
                    let answer = try await first.reply()
                    #expect(answer.hasPrefix("HTTP/1.1 201 Created\r\n"))
                }
            }
        }
        #expect(metrics["stint_http_connections"] == 0)
        #expect(metrics[#"stint_http_responses_total{status="503"}"#] == 1)
    }

    @Test("New plans hold on every event loop")
    func plans() async throws {
        try await RunnerServer.running(loops: 3) { server, address in
            let limit = try Limit(name: "only", meter: .executions, amount: 1, windowMs: 1_000)
            let plan = try Plan(name: "new", limits: [limit])
            try await server.replace(plans: PlanBook(plans: [plan], default: "new"))
            for _ in 0..<6 {
                try await SocketClient.connected(to: address) { client in
                    let reply = try await client.ask(Client.peek)
                    #expect(reply.contains(#""plan":"new""#))
                }
            }
        }
    }

    // MARK: Stopping

    @Test("Draining closes idle connections at once and the others when they are answered")
    func drain() async throws {
        let gate = LedgerGate()
        try await RunnerServer.running(gate: gate) { server, address in
            try await SocketClient.connected(to: address) { idle in
                // An answer proves that the server has this connection and is done with it.
                let reply = try await idle.ask(Client.get("/"))
                #expect(reply.hasPrefix("HTTP/1.1 404 "))
                #expect(server.isListening)
                try await SocketClient.connected(to: address) { busy in
                    try await busy.send(Client.admit() + Client.admit())
                    await gate.waitForQuestions(2)
                    async let drained: Void = server.drain(deadline: .seconds(50))
                    let rest = try await idle.rest()
                    #expect(rest == "")
                    #expect(!server.isListening)
                    await #expect(throws: (any Error).self) {
                        try await SocketClient.connected(to: address) { _ in }
                    }
                    try await gate.open()
                    let replies = try await busy.rest()
                    #expect(replies.ranges(of: "HTTP/1.1 201 Created").count == 2)
                    #expect(replies.ranges(of: "Connection: close").count == 1)
                    busy.endInput()
                    idle.endInput()
                    try await drained
                }
            }
            #expect(server.addresses.isEmpty)
        }
    }

    @Test("When time is up, draining closes what the ledger has not answered")
    func deadline() async throws {
        let gate = LedgerGate()
        let metrics = RecordedMetrics()
        try await RunnerServer.running(metrics: metrics, gate: gate) { server, address in
            try await SocketClient.connected(to: address) { client in
                try await client.send(Client.admit())
                await gate.waitForQuestions(1)
                try await server.drain(deadline: .milliseconds(50))
                #expect(metrics["stint_http_connections"] == 0)
                let rest = try await client.rest()
                #expect(rest == "")
            }
            try await gate.open()
            #expect(metrics[#"stint_decisions_total{verdict="admitted"}"#] == 1)
        }
    }

    // MARK: Listening

    /// A directory that is removed at the end. Its path is short: a socket's has 103 bytes at most.
    private static func inDirectory(_ body: (String) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString.prefix(8))
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        do {
            try await body(directory.appending(path: "s").path(percentEncoded: false))
        } catch {
            try FileManager.default.removeItem(at: directory)
            throw error
        }
        try FileManager.default.removeItem(at: directory)
    }

    private static func mode(of path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test("It listens on an address and on a Unix socket of mode 0660, which is gone afterwards")
    func both() async throws {
        try await Self.inDirectory { short in
            // As long as one can be.
            let path = short + String(repeating: "s", count: 103 - short.utf8.count)
            try await RunnerServer.running {
                $0.socketPath = path
            } _: { server, address in
                #expect(server.addresses.count == 2)
                #expect(address.port != 0)
                #expect(try Self.mode(of: path) == 0o660)
                for address in server.addresses {
                    try await SocketClient.connected(to: address) { client in
                        let reply = try await client.ask(Client.peek)
                        #expect(reply.hasPrefix("HTTP/1.1 200 OK\r\n"))
                    }
                }
            }
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test("A socket whose owner is gone is taken over")
    func stale() async throws {
        try await Self.inDirectory { path in
            let old = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .bind(unixDomainSocketPath: path + "-").get()
            try FileManager.default.linkItem(atPath: path + "-", toPath: path)
            try await old.close()
            #expect(FileManager.default.fileExists(atPath: path))
            try await RunnerServer.running {
                $0.socketPath = path
                $0.address = nil
            } _: { _, address in
                try await SocketClient.connected(to: address) { client in
                    let reply = try await client.ask(Client.peek)
                    #expect(reply.hasPrefix("HTTP/1.1 200 OK\r\n"))
                }
            }
        }
    }

    @Test("A socket in use, and a file that is none, are left alone")
    func taken() async throws {
        try await Self.inDirectory { path in
            try await RunnerServer.running {
                $0.socketPath = path
            } _: { server, _ in
                await #expect(throws: RunnerError.socketInUse(path: path)) {
                    try await RunnerServer.running {
                        $0.socketPath = path
                    } _: { _, _ in
                    }
                }
                try await SocketClient.connected(to: server.addresses[1]) { client in
                    let reply = try await client.ask(Client.peek)
                    #expect(reply.hasPrefix("HTTP/1.1 200 OK\r\n"))
                }
            }
            try Data("precious".utf8).write(to: URL(filePath: path))
            await #expect(throws: RunnerError.notASocket(path: path)) {
                try await RunnerServer.running {
                    $0.socketPath = path
                } _: { _, _ in
                }
            }
            #expect(try Data(contentsOf: URL(filePath: path)) == Data("precious".utf8))
        }
    }

    @Test("An address in use is an error that says what to do")
    func addressInUse() async throws {
        try await RunnerServer.running { _, address in
            let error = await #expect(throws: RunnerError.self) {
                try await RunnerServer.running {
                    $0.address?.port = address.port ?? 0
                } _: { _, _ in
                }
            }
            let text = try #require(error).description
            #expect(text.hasPrefix("cannot listen on 127.0.0.1:\(address.port ?? 0): "))
            #expect(text.hasSuffix("; stop the process there, or choose another address"))
        }
    }

    @Test(
        "A setting out of its bound is refused by its name",
        arguments: [
            (
                "maximumConnections",
                { @Sendable (settings: inout RunnerSettings) in settings.maximumConnections = 0 }
            ),
            ("maximumBodyBytes", { $0.maximumBodyBytes = 10 }),
            ("maximumHeaderBytes", { $0.maximumHeaderBytes = 1 << 30 }),
            ("headerTimeout", { $0.headerTimeout = .zero }),
            ("idleTimeout", { $0.idleTimeout = .seconds(1_000_000) }),
            ("writeTimeout", { $0.writeTimeout = .nanoseconds(1) }),
            ("the port", { $0.address?.port = 70_000 }),
            ("the length of socketPath", { $0.socketPath = String(repeating: "/", count: 104) }),
            ("the runner API has nowhere to listen", { $0.address = nil }),
        ] as [(String, @Sendable (inout RunnerSettings) -> Void)])
    func bounds(_ name: String, _ change: @Sendable (inout RunnerSettings) -> Void) async throws {
        let error = await #expect(throws: RunnerError.self) {
            try await RunnerServer.running(change) { _, _ in }
        }
        #expect(try #require(error).description.hasPrefix(name))
    }
}
