// Which hosts and pages a runner's connection answers, to the byte, and what happens to offers to
// upgrade.

import Access
import Testing

@testable import RunnerAPI

@Suite("Senders")
struct SenderTests {
    private typealias Client = EmbeddedClient

    private static func admit(host: String = "localhost", _ fields: String = "") -> String {
        Client.post("/v1/accounts/acme/executions", "{}", fields: fields)
            .replacing("Host: localhost", with: "Host: \(host)")
    }

    @Test("Without tokens another's name is answered 421, and the connection stays; nothing is admitted")
    func otherHost() throws {
        let client = try Client(isScripted: true)
        for fields in ["", "X-Not-Plain: 1\r\n"] {
            let reply = try client.ask(Self.admit(host: "evil.example:7400", fields))
            #expect(
                reply
                    == Client.reply(
                        "421 Misdirected Request", [],
                        #"{"type":"urn:stint:problem:misdirected-request","title":"Misdirected Request","status":421,"#
                            + #""detail":"evil.example:7400 is not this machine: without tokens, use 127.0.0.1, [::1] or "#
                            + #"localhost, or start Stint with --security-tokens FILE"}"#))
            #expect(client.scripted.waiting.isEmpty && client.isOpen)
        }
        try client.send(Self.admit(host: "127.0.0.1:7400"))
        #expect(client.scripted.waiting.count == 1)
    }

    @Test("The host of an absolute target counts in place of the field")
    func absoluteTarget() throws {
        let client = try Client()
        let rebound = Self.admit().replacing("POST /", with: "POST http://evil.example/")
        #expect(try client.ask(rebound).hasPrefix("HTTP/1.1 421 "))
        let own = Self.admit(host: "evil.example").replacing("POST /", with: "POST https://127.0.0.1:1/")
        #expect(try client.ask(own).hasPrefix("HTTP/1.1 201 "))
    }

    @Test("With tokens, and on a Unix socket, any host may be named")
    func anyHost() throws {
        let client = try Client()
        client.runner.tokens = TokenBook([])
        try client.reconnect()
        #expect(try client.ask(Self.admit(host: "stint.example")).hasPrefix("HTTP/1.1 401 "))
        #expect(try client.ask(Self.admit(host: "a b")).hasPrefix("HTTP/1.1 400 "))
        client.runner.tokens = nil
        try client.reconnect(isTrusted: true)
        #expect(try client.ask(Self.admit(host: "stint.example")).hasPrefix("HTTP/1.1 201 "))
        #expect(try client.ask(Self.admit("Origin: https://evil.example\r\n")).hasPrefix("HTTP/1.1 201 "))
    }

    @Test(
        "A page of another origin is answered 403, with tokens too, and nothing is admitted",
        arguments: [
            "Origin: https://evil.example\r\n", "Origin: null\r\n", "Origin: http://localhost:3000\r\n",
            "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n", "Sec-Fetch-Site: same-site\r\n",
            "Origin: http://localhost\r\nOrigin: http://localhost\r\n",
        ])
    func foreignPage(_ fields: String) throws {
        for hasTokens in [false, true] {
            let client = try Client(isScripted: true)
            client.runner.tokens = hasTokens ? TokenBook([]) : nil
            let reply = try client.ask(Self.admit(fields))
            #expect(
                reply
                    == Client.reply(
                        "403 Forbidden", [],
                        #"{"type":"urn:stint:problem:foreign-origin","title":"Foreign Origin","status":403,"#
                            + #""detail":"requests from pages of another origin are rejected"}"#))
            #expect(client.scripted.waiting.isEmpty && client.isOpen)
        }
    }

    @Test("A page of its own origin, and a link from anywhere, are answered")
    func ownPage() throws {
        let client = try Client()
        let own = "Origin: http://localhost\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\n"
        #expect(try client.ask(Self.admit(own)).hasPrefix("HTTP/1.1 201 "))
        for (destination, status) in [("", 200), ("document", 200), ("iframe", 403)] {
            let fields =
                "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n"
                + (destination.isEmpty ? "" : "Sec-Fetch-Dest: \(destination)\r\n")
            let link = Client.get("/v1/accounts/a/limits", fields: fields)
            #expect(try client.ask(link).hasPrefix("HTTP/1.1 \(status) "), "\(destination)")
        }
    }

    // MARK: Offers to upgrade

    private static let offers = [
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n",
        "Upgrade: websocket\r\nConnection: keep-alive,upgrade\r\n",
        "connection:UPGRADE\r\nupgrade:h2c, x/1\r\n",
        "Connection: keep-alive\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: x\r\n",
        "Connection: Upgrade , keep-alive\r\nUpgrade: h2c\r\n", "Upgrade: h2c\r\n", "Connection: upgrade\r\n",
        "Connection: upgrades\r\nUpgrade: h2c\r\n", "Connection: x-upgrade\r\nUpgrade: h2c\r\n",
        "Connection:   upgrade  \r\nUpgrade: h2c\r\n", "Connection: keep-alive,  Upgrade\r\nUpgrade: h2c\r\n",
    ]

    @Test("An offer to upgrade is ignored, and the next requests are answered", arguments: offers)
    func upgrade(_ fields: String) throws {
        let next = Client.get("/v1/accounts/b/limits") + Self.admit("X: 1\r\n")
        for first in [
            Client.get("/v1/accounts/a/limits", fields: fields), Self.admit(fields),
            Self.admit("Transfer-Encoding: chunked\r\n\(fields)")
                .replacing("Content-Length: 2\r\n", with: "")
                .replacing("\r\n\r\n{}", with: "\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
        ] {
            let bytes = Array((first + first + next).utf8)
            for cut in 0..<bytes.count {
                let client = try Client()
                try client.send(Array(bytes.prefix(cut)))
                try client.send(Array(bytes.dropFirst(cut)))
                let replies = try client.received()
                #expect(replies.matches(of: /HTTP\/1.1 20/).count == 4, "cut after \(cut) bytes: \(replies)")
                #expect(client.isOpen)
            }
        }
    }

    @Test(
        "Where an offer is so odd that readers might differ, the request is the connection's last",
        arguments: [
            "Connection: upgrade\r\nUpgrade:\r\n", "Connection: keep-alive,\tupgrade\r\nUpgrade: h2c\r\n",
            "Connection: upgrade x\r\nUpgrade: h2c\r\n", "Connection: upgrade,,x\r\nUpgrade: h2c\r\n",
        ])
    func oddOffer(_ fields: String) throws {
        let client = try Client()
        let replies = try client.ask(Client.get("/v1/accounts/a/limits", fields: fields) + Client.peek)
        #expect(replies.matches(of: /HTTP\/1.1 200/).count == 1)
        #expect(replies.contains("\r\nConnection: close\r\n") && !client.isOpen)
    }
}
