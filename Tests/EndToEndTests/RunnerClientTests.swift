// The client against a server that is not Stint: it never waits longer than its timeout, and never
// takes another reply for an answer.

import AsyncHTTPClient
import NIOCore
import NIOPosix
import StintClient
import Testing
import WireFormat

extension EndToEnd {
    @Suite("The client and a bad server")
    struct RunnerClientTests {
        @Test("A reply that stops in its middle ends at the deadline")
        func silence() async throws {
            let beginning = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"
            try await Self.withServer(saying: beginning, deadline: .milliseconds(300)) { client in
                let began = ContinuousClock.now
                await #expect(throws: HTTPClientError.deadlineExceeded) {
                    try await client.peek(account: "any")
                }
                let took = began.duration(to: .now)
                #expect(took >= .milliseconds(300) && took < .seconds(10))
            }
        }

        @Test(
            "A reply that is not Stint's is an error, whatever its status",
            arguments: [
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
                "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\n<p/>",
                #"HTTP/1.1 429 Too Many Requests\#r\#nContent-Length: 16\#r\#n\#r\#n{"type":"other"}"#,
            ])
        func stranger(_ reply: String) async throws {
            try await Self.withServer(saying: reply, deadline: .seconds(30)) { client in
                await #expect(throws: UnreadableReply.self) { try await client.peek(account: "any") }
            }
        }

        /// A client, and a server that says the same to every request.
        private static func withServer(
            saying reply: String, deadline: TimeAmount, _ body: (RunnerClient) async throws -> Void
        ) async throws {
            try await Parrot.withServer(saying: reply) { port in
                let http = HTTPClient(eventLoopGroup: .singletonMultiThreadedEventLoopGroup)
                let client = RunnerClient(.url("http://127.0.0.1:\(port)"), http: http, deadline: deadline)
                do {
                    try await body(client)
                } catch {
                    Issue.record(error)
                }
                try await http.shutdown()
            }
        }
    }
}
