// The command line's client against servers that are not Stint, and against none: it says what is
// wrong, in time, and never shows a token.

import AdminClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("The admin client and a bad server")
    struct AdminClientTests {
        @Test(
            "What is no URL of an admin API is an error before anybody is asked",
            arguments: [
                "", "127.0.0.1:7401", "ftp://127.0.0.1:7401", "http:/127.0.0.1", "http://", "http://:7401",
                "http://127.0.0.1:0", "http://127.0.0.1:65536", "http://127.0.0.1:x",
                "http://ann@127.0.0.1:7401",
                "http://127.0.0.1:7401/v1", "http://127.0.0.1:7401?a", "http://[::1",
                "http://[127.0.0.1]:7401",
                "http://a b:7401", "http://a\n:7401",
            ])
        func invalidURL(_ url: String) async throws {
            await #expect(throws: InvalidRequest.url) {
                try await AdminClient(url: url).get("livez")
            }
        }

        @Test("A slash at the end, capitals and names are taken")
        func validURL() async throws {
            let reply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
            try await Parrot.withServer(saying: reply) { port in
                for url in ["http://127.0.0.1:\(port)/", "HTTP://localhost:\(port)"] {
                    let reply = try await AdminClient(url: url).get("livez")
                    #expect(reply.status == 200)
                }
            }
        }

        @Test("Nobody listens: the error says so")
        func nobody() async throws {
            let port = try freePort()
            await #expect(throws: AdminConnectionError.notConnected("nobody listens there")) {
                try await AdminClient(url: "http://127.0.0.1:\(port)").get("livez")
            }
        }

        @Test("A server without TLS is told from one that is trusted")
        func noTLS() async throws {
            try await Parrot.withServer(saying: "HTTP/1.1 400 Bad Request\r\n\r\n") { port in
                let error = await #expect(throws: AdminConnectionError.self) {
                    try await AdminClient(url: "https://127.0.0.1:\(port)").get("livez")
                }
                #expect("\(error.map { "\($0)" } ?? "")".contains("TLS"))
            }
        }

        @Test("A reply that stops in its middle ends at the deadline, or with the connection")
        func halfReply() async throws {
            let half = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"
            try await Parrot.withServer(saying: half) { port in
                let client = AdminClient(url: "http://127.0.0.1:\(port)", deadline: .milliseconds(300))
                await #expect(throws: AdminConnectionError.deadlineExceeded) { try await client.get("livez") }
            }
            try await Parrot.withServer(saying: half, closes: true) { port in
                let client = AdminClient(url: "http://127.0.0.1:\(port)")
                await #expect(throws: AdminConnectionError.closedEarly) { try await client.get("livez") }
            }
        }

        @Test("A 502 of a proxy is not Stint's")
        func proxy() async throws {
            try await Parrot.withServer(saying: "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\n<p/>") {
                port in
                await #expect(throws: UnreadableReply.self) {
                    try await AdminClient(url: "http://127.0.0.1:\(port)").get("livez")
                }
            }
        }
    }
}
