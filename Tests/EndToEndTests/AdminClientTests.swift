// The command line's client against servers that are not Stint, and without a server: it reports
// what is wrong, in time, and never shows a token.

import Glibc
import NIOCore
import NIOHTTP1
import NIOSSL
import TestServers
import Testing
import WireFormat

@testable import AdminClient

extension EndToEnd {
    @Suite("The admin client and a bad server")
    struct AdminClientTests {
        @Test(
            "What is no URL of an admin API is an error before anybody is asked",
            arguments: [
                "", "127.0.0.1:7401", "ftp://127.0.0.1:7401", "http:/127.0.0.1", "http://", "http://:7401",
                "http://127.0.0.1:0", "http://127.0.0.1:65536", "http://127.0.0.1:x", "http://127.0.0.1:+1",
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
            await #expect(throws: AdminConnectionError.notConnected("no process listens there")) {
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

        @Test("A connection that is reset in a reply's middle ends early, which tells nothing of the effect")
        func reset() async throws {
            let half = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"
            try await Parrot.withServer(saying: half, closes: true, resets: true) { port in
                let client = AdminClient(url: "http://127.0.0.1:\(port)")
                await #expect(throws: AdminConnectionError.closedEarly) { try await client.get("livez") }
            }
        }

        @Test("A server that dies with a request in its hands, with TLS, may have done what it was asked")
        func dead() async throws {
            try await Workplace.open { place in
                let tls = try await Certificates(in: place).context()
                try await Parrot.withServer(saying: "", closes: true, tls: tls) { port in
                    let client = AdminClient(url: "https://127.0.0.1:\(port)", trust: .any)
                    await #expect(throws: AdminConnectionError.closedEarly) { try await client.get("livez") }
                }
            }
        }

        @Test("What broke before anything could be sent is no connection, all else is an early end")
        func names() {
            let early: [any Error] = [
                NIOSSLError.uncleanShutdown, NIOSSLError.writeDuringTLSShutdown, BoringSSLError.zeroReturn,
                IOError(errnoCode: ECONNRESET, reason: "read"), ChannelError.ioOnClosedChannel,
                ChannelError.eof, HTTPParserError.invalidEOFState,
            ]
            for error in early {
                #expect(AdminExchange.named(error) as? AdminConnectionError == .closedEarly, "\(error)")
            }
            let unconnected: [any Error] = [
                NIOSSLError.handshakeFailed(.sslError([])), NIOSSLError.noCertificateToValidate,
                NIOSSLExtraError.failedToValidateHostname,
            ]
            for error in unconnected {
                guard case .notConnected(let reason) = AdminExchange.named(error) as? AdminConnectionError
                else {
                    Issue.record("\(error)")
                    continue
                }
                #expect(reason.hasPrefix("no TLS with a trusted certificate: "))
            }
            let late = AdminExchange.named(ChannelError.connectTimeout(.seconds(1)))
            #expect(late as? AdminConnectionError == .deadlineExceeded)
        }

        /// Expects the deadline, and not much more than its time.
        private static func expectDeadline(of url: String) async {
            let client = AdminClient(url: url, trust: .any, deadline: .milliseconds(300))
            let began = ContinuousClock.now
            await #expect(throws: AdminConnectionError.deadlineExceeded) { try await client.get("livez") }
            #expect(began.duration(to: .now) < .seconds(3))
        }

        @Test("The deadline bounds a request to a server that is silent, whether TLS has begun or not")
        func silent() async throws {
            try await Parrot.withServer(saying: "") { port in
                await Self.expectDeadline(of: "http://127.0.0.1:\(port)")
                await Self.expectDeadline(of: "https://127.0.0.1:\(port)")
            }
            try await Workplace.open { place in
                let tls = try await Certificates(in: place).context()
                try await Parrot.withServer(saying: "", stops: true, tls: tls) { port in
                    await Self.expectDeadline(of: "https://127.0.0.1:\(port)")
                }
            }
        }

        @Test("The deadline bounds a request to a server that accepts no connection")
        func unaccepted() async throws {
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            defer { close(listener) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let port =
                withUnsafeMutablePointer(to: &address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                        _ = bind(listener, generic, length)
                        _ = listen(listener, 0)
                        return getsockname(listener, generic, &length)
                    }
                } == 0 ? Int(UInt16(bigEndian: address.sin_port)) : 0
            // One waits to be accepted; further ones are not even answered.
            try await Strangers.connected(1, to: port) { _ in
                await Self.expectDeadline(of: "http://127.0.0.1:\(port)")
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
