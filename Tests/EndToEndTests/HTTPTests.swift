// HTTP from correct and incorrect clients: the same replies at both ports.

import Foundation
import TestServers
import Testing

extension EndToEnd {
    @Suite("HTTP")
    struct HTTPTests {
        /// Has every exchange at both ports of one Stint, which then has nothing to regret.
        private static func expect(_ exchanges: (HTTPPort) -> [HTTPExchange]) async throws {
            try await Stint.serving { stint, _ in
                try await eventually("the process is ready", within: Workplace.timeout) {
                    try await stint.admin("/readyz").status == 200
                }
                var count = 0
                for port in HTTPPort.allCases {
                    for exchange in exchanges(port) {
                        try await exchange.run(at: port, of: stint)
                        count += 1
                    }
                }
                #expect(!stint.log.contains(" error "), "\(stint.log)")
                report("HTTP: \(count) exchanges, each as it must be")
            }
        }

        @Test("Versions: 1.1 stays, 1.0 closes unless it is told to stay, every other is refused")
        func versions() async throws {
            try await Self.expect { port in
                [
                    HTTPExchange("1.1", port.get(), gives: 200),
                    HTTPExchange("1.0", port.get(version: "HTTP/1.0"), gives: 200, closes: true),
                    HTTPExchange(
                        "1.0, no Host", port.get(host: nil, version: "HTTP/1.0"), gives: 200, closes: true),
                    HTTPExchange(
                        "1.0, kept", port.get("Connection: keep-alive\r\n", version: "HTTP/1.0"), gives: 200),
                    HTTPExchange(
                        "1.0, kept, another's name",
                        port.get("Connection: keep-alive\r\n", host: "x", version: "HTTP/1.0"), gives: 421),
                    HTTPExchange(
                        "1.0, JSON", port.put(version: "HTTP/1.0"), gives: port.target.status, closes: true),
                    HTTPExchange("1.2", port.get(version: "HTTP/1.2"), gives: 505, closes: true),
                    HTTPExchange("3", port.get(version: "HTTP/3"), gives: 505, closes: true),
                    HTTPExchange("0.9", "GET \(port.path)\r\n\r\n", gives: 505, closes: true),
                    HTTPExchange("2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", gives: 400, closes: true),
                    HTTPExchange("small letters", port.get(version: "http/1.1"), gives: 400, closes: true),
                ]
            }
        }

        @Test("Connections stay until somebody says otherwise, and pipelined requests are answered in order")
        func keepAlive() async throws {
            try await Self.expect { port in
                let status = port.target.status
                return [
                    HTTPExchange("close", port.get("Connection: close\r\n"), gives: 200, closes: true),
                    HTTPExchange("Close, x", port.get("connection: x, Close\r\n"), gives: 200, closes: true),
                    HTTPExchange("keep-alive", port.get("Connection: keep-alive\r\n"), gives: 200),
                    HTTPExchange(
                        "one after the other", port.get(), port.put(), port.get(), gives: 200, status, 200),
                    HTTPExchange(
                        "pipelined", port.get() + port.put() + port.get(path: "/nowhere") + port.chunked(),
                        gives: 200, status, 404, status),
                    HTTPExchange(
                        "pipelined, closed", port.put() + port.get("Connection: close\r\n") + port.get(),
                        gives: status, 200, closes: true),
                    HTTPExchange(
                        "pipelined, malformed", port.put() + port.get() + "{}\r\n\r\n", gives: status, 200,
                        400,
                        closes: true),
                    HTTPExchange("an empty line before", "\r\n" + port.get(), gives: 200),
                    HTTPExchange("half closed", port.put(), gives: status, closes: nil, ends: true),
                    HTTPExchange(
                        "CONNECT", port.get(method: "CONNECT", path: "a:1"), gives: 404, closes: true),
                    HTTPExchange("OPTIONS *", port.get(method: "OPTIONS", path: "*"), gives: 404),
                ]
            }
        }

        @Test("Expect: the body is asked for when it is wanted, and only then")
        func expect() async throws {
            try await Self.expect { port in
                let expect = "Expect: 100-continue\r\n"
                let length = "Content-Length: \(port.target.json.utf8.count)\r\n"
                return [
                    HTTPExchange(
                        "asked for", port.head(length + expect), port.target.json, gives: 100,
                        port.target.status),
                    HTTPExchange(
                        "in chunks", port.head("Transfer-Encoding: chunked\r\n" + expect),
                        "\(String(port.target.json.utf8.count, radix: 16))\r\n\(port.target.json)\r\n0\r\n\r\n",
                        gives: 100, port.target.status),
                    HTTPExchange("nothing to send", port.get(expect), gives: 200),
                    HTTPExchange("sent already", port.put(expect), gives: port.target.status),
                    HTTPExchange(
                        "of 1.0", port.put(expect, version: "HTTP/1.0"), gives: port.target.status,
                        closes: true),
                    HTTPExchange(
                        "no such path", port.head(length + expect, path: "/nowhere"), gives: 404, closes: true
                    ),
                    HTTPExchange("something else", port.put("Expect: a pony\r\n"), gives: 417, closes: true),
                ]
            }
        }

        @Test("HEAD is answered as GET is, without content, whatever the status")
        func head() async throws {
            try await Self.expect { port in
                [
                    HTTPExchange("found", port.get(method: "HEAD"), gives: 200, isToHead: true),
                    HTTPExchange(
                        "missing", port.get(method: "HEAD", path: "/nowhere"), gives: 404, isToHead: true),
                    HTTPExchange(
                        "not allowed", port.get(method: "HEAD", path: port.target.path), gives: 405,
                        isToHead: true),
                    HTTPExchange(
                        "another's name", port.get(method: "HEAD", host: "x"), gives: 421, isToHead: true),
                    HTTPExchange(
                        "twice", port.get(method: "HEAD"), port.get(method: "HEAD"), gives: 200, 200,
                        isToHead: true),
                    HTTPExchange(
                        "malformed", port.get(method: "HEAD", host: nil), gives: 400, closes: true,
                        isToHead: true),
                ]
            }
            try await Stint.serving { stint, place in
                for port in HTTPPort.allCases {
                    for path in [port.path, "/nowhere", port.target.path, "/", "/metrics"] {
                        let url = "http://127.0.0.1:\(port.number(of: stint))\(path)"
                        let head = try await place.outside(["curl", "-sI", "--max-time", "10", url]).output
                        let get = try await place.outside(["curl", "-si", "--max-time", "10", url]).output
                        let lines = { (text: String) in
                            text.split(separator: "\r\n").filter {
                                $0.hasPrefix("HTTP/") || $0.hasPrefix("Content-")
                            }
                        }
                        // /metrics counts these requests; its length may differ.
                        if path != "/metrics" { #expect(lines(head) == lines(get), "\(url)") }
                        #expect(head.hasSuffix("\r\n\r\n"), "\(url): \(head)")
                    }
                }
            }
        }

        @Test("Chunks are read in every good form, and no other")
        func chunks() async throws {
            try await Self.expect { port in
                let json = port.target.json
                let chunked = port.head("Transfer-Encoding: chunked\r\n")
                let bad = [
                    "zz\r\n", "-2\r\n{}\r\n0\r\n\r\n", "0x2\r\n{}\r\n0\r\n\r\n", "2 2\r\n{}\r\n0\r\n\r\n",
                    "FFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n", "2\r\n{}0\r\n\r\n", "\r\n{}\r\n0\r\n\r\n",
                ]
                return [
                    HTTPExchange("two", port.chunked(), gives: port.target.status),
                    HTTPExchange(
                        "with an extension", port.chunked(extension: ";a=\"b\""), gives: port.target.status),
                    HTTPExchange(
                        "with trailers", port.chunked(trailers: "X: y\r\n"), gives: port.target.status),
                    HTTPExchange(
                        "with a length",
                        port.head("Transfer-Encoding: chunked\r\nContent-Length: \(json.utf8.count)\r\n")
                            + json, gives: 400, closes: true),
                    HTTPExchange(
                        "in another coding", port.chunked("Transfer-Encoding: gzip\r\n"), gives: 400,
                        closes: true),
                    HTTPExchange(
                        "of 1.0", port.head("Transfer-Encoding: chunked\r\n", version: "HTTP/1.0"),
                        gives: 400,
                        closes: true),
                    HTTPExchange(
                        "two lengths", port.put("Content-Length: 1\r\n"), gives: 400, closes: true),
                ]
                    + bad.map {
                        HTTPExchange("\($0.debugDescription)", chunked + $0, gives: 400, closes: true)
                    }
            }
        }

        @Test("A body that is cut off is 400 while there is somebody to tell, and does nothing")
        func cutOff() async throws {
            try await Self.expect { port in
                let length = "Content-Length: \(port.target.json.utf8.count)\r\n"
                return [
                    HTTPExchange("at its beginning", port.head(length), gives: 400, closes: true, ends: true),
                    HTTPExchange(
                        "in its midst", port.head(length) + port.target.json.prefix(5), gives: 400,
                        closes: true,
                        ends: true),
                    HTTPExchange(
                        "in a chunk", port.head("Transfer-Encoding: chunked\r\n") + "5\r\n{", gives: 400,
                        closes: true,
                        ends: true),
                    HTTPExchange(
                        "before the last chunk",
                        port.head("Transfer-Encoding: chunked\r\n")
                            + "\(String(port.target.json.utf8.count, radix: 16))\r\n\(port.target.json)\r\n",
                        gives: 400, closes: true, ends: true),
                    HTTPExchange(
                        "after another", port.put() + port.head(length), gives: port.target.status, 400,
                        closes: true,
                        ends: true),
                    HTTPExchange(
                        "in a head", port.put().prefix(30).description, gives: 400, closes: true, ends: true),
                ]
            }
            try await Stint.serving(["--log-level", "debug"]) { stint, _ in
                try await eventually("the process is ready", within: Workplace.timeout) {
                    try await stint.admin("/readyz").status == 200
                }
                // Gone at once: nobody is told, and nothing is registered.
                let path = "/v1/accounts/acme/resources/secrets/half"
                try await RawConnection.open(port: stint.adminPort) { connection in
                    try await connection.send(
                        "PUT \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                            + "Content-Length: 100\r\n\r\n")
                }
                try await eventually("it is noticed", within: Workplace.timeout) {
                    stint.log.contains("admin request cut short")
                }
                #expect(try await stint.admin(path).status == 404)
                #expect(!stint.log.contains(" error "))
            }
        }

        @Test("Absolute targets are paths, whatever their scheme, and their host counts")
        func absoluteTargets() async throws {
            try await Self.expect { port in
                [
                    ("http://localhost\(port.path)", 200), ("https://localhost:1\(port.path)", 200),
                    ("HTTPS://[::1]\(port.path)?", 200), ("http://127.0.0.1", 404),
                    ("http://127.0.0.1?a", 404),
                    ("ftp://localhost\(port.path)", 404), ("\(port.path)#x", 200),
                    ("\(port.path)#/../x?y", 200), ("http://localhost\(port.path)#x", 200),
                    ("/nowhere#\(port.path)", 404),
                    // The admin port has a page there.
                ].filter { port == .runner || !$0.0.hasPrefix("http://127") }.map { path, status in
                    HTTPExchange(path, port.get(path: path), gives: status)
                } + [
                    HTTPExchange(
                        "Host says something else",
                        port.get(path: "http://localhost\(port.path)", host: "evil.example"),
                        gives: 200),
                    HTTPExchange(
                        "another's name", port.get(path: "http://evil.example\(port.path)"), gives: 421),
                    HTTPExchange(
                        "no name", port.get(path: "http://u@localhost\(port.path)"), gives: 400, closes: true),
                    HTTPExchange(
                        "no host", port.get(path: "http://localhost\(port.path)", host: nil), gives: 400,
                        closes: true),
                ]
            }
        }

        @Test("Host: one, that is one, and without tokens one that is this machine")
        func hosts() async throws {
            try await Self.expect { port in
                ["localhost", "LOCALHOST:1", "127.0.0.1:7400", "127.9.9.9", "[::1]", "[::1]:80"].map {
                    HTTPExchange($0, port.get(host: $0), port.put(host: $0), gives: 200, port.target.status)
                }
                    + [
                        "evil.example", "127.0.0.1.evil.example", "0.0.0.0", "localhost.evil.example:80",
                        "127.1", "",
                    ].map { (host: String) in
                        HTTPExchange(
                            "'\(host)'", port.get(host: host), port.put(host: host), gives: 421, 421,
                            closes: nil)
                    }
                    + ["a b", "a/b", "u@localhost", "[::1", "localhost:x"].map {
                        HTTPExchange($0, port.get(host: $0), gives: 400, closes: true)
                    } + [
                        HTTPExchange("none", port.get(host: nil), gives: 400, closes: true),
                        HTTPExchange("two", port.get("Host: localhost\r\n"), gives: 400, closes: true),
                        HTTPExchange(
                            "two, the second small", port.get("host: evil.example\r\n"), gives: 400,
                            closes: true),
                    ]
            }
        }

        @Test("Pages of others: refused, but for links that a person follows; the connection stays")
        func pages() async throws {
            try await Self.expect { port in
                let link = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n"
                return [
                    HTTPExchange("a page", port.get("Origin: http://x\r\n"), gives: 403),
                    HTTPExchange("an image", port.get("Sec-Fetch-Site: cross-site\r\n"), gives: 403),
                    HTTPExchange("a link", port.get(link + "Sec-Fetch-Dest: document\r\n"), gives: 200),
                    HTTPExchange("an older browser's link", port.get(link), gives: 200),
                    HTTPExchange("a frame", port.get(link + "Sec-Fetch-Dest: iframe\r\n"), gives: 403),
                    HTTPExchange(
                        "two tokens", port.get("Authorization: Bearer a\r\nAuthorization: Bearer a\r\n"),
                        gives: 400, closes: true),
                ]
            }
        }

        @Test("An offer to upgrade is ignored, and the connection stays")
        func upgrades() async throws {
            let offers = [
                "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n",
                "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
                "Upgrade: h2c\r\nConnection:upgrade\r\n", "Upgrade: h2c\r\n", "Connection: upgrade\r\n",
            ]
            try await Self.expect { port in
                offers.flatMap { offer in
                    [
                        HTTPExchange(offer, port.get(offer), port.get(offer), gives: 200, 200),
                        HTTPExchange(offer, port.put(offer), port.get(offer), gives: port.target.status, 200),
                        HTTPExchange(
                            offer, port.get(offer) + port.chunked(offer) + port.put(), gives: 200,
                            port.target.status,
                            port.target.status),
                    ]
                }
            }
            try await Stint.serving { stint, place in
                for port in HTTPPort.allCases {
                    let url = "http://127.0.0.1:\(port.number(of: stint))/"
                    let (ending, output) = try await place.outside([
                        "curl", "-sS", "--max-time", "10", "--http2", "-o", "/dev/null", "-o", "/dev/null",
                        "--write-out",
                        "%{http_code} %{num_connects}\n", url, url,
                    ])
                    #expect(
                        ending == .exited(0) && output.contains(" 1\n") && output.contains(" 0\n"),
                        "\(output)")
                }
            }
        }

        @Test("Conditions: what the caller has is 304, what it does not want is 412, where there are ETags")
        func conditions() async throws {
            try await Self.expect { port in
                [
                    "If-None-Match: \"x\"\r\n", "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT\r\n",
                    "If-Range: \"x\"\r\n",
                ]
                .map { HTTPExchange($0, port.get($0), gives: 200) }
            }
            try await Stint.serving { stint, _ in
                try await eventually("the process is ready", within: Workplace.timeout) {
                    try await stint.admin("/readyz").status == 200
                }
                func status(_ fields: String, method: String = "GET") async throws -> (Int, String) {
                    try await RawConnection.open(port: stint.adminPort) { connection in
                        try await connection.send(
                            HTTPPort.admin.get(fields + "Connection: close\r\n", method: method))
                        let reply = try await connection.rest()
                        return (Int(reply.dropFirst("HTTP/1.1 ".count).prefix(3)) ?? 0, reply)
                    }
                }
                let first = try await status("").1
                let tag = String(try #require(first.firstMatch(of: /ETag: ("\d+")/)).output.1)
                for list in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
                    for method in ["GET", "HEAD"] {
                        let (code, reply) = try await status("If-None-Match: \(list)\r\n", method: method)
                        #expect(
                            code == 304 && reply.contains("ETag: \(tag)\r\n") && reply.hasSuffix("\r\n\r\n"),
                            "\(reply)")
                    }
                }
                #expect(try await status("If-None-Match: \"x\"\r\n").0 == 200)
                #expect(try await status("If-Match: \(tag)\r\n").0 == 200)
                #expect(try await status("If-Match: \"x\"\r\n").0 == 412)
            }
        }

        @Test("Bytes that are no HTTP, and too many of them, are told so")
        func noHTTP() async throws {
            try await Self.expect { port in
                [
                    "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}", "\0\0\0\0", "SSH-2.0-x\r\n", "{}\r\n\r\n",
                    "PING\r\n",
                ].map {
                    HTTPExchange("\($0.debugDescription)", $0, gives: 400, closes: true)
                } + [
                    HTTPExchange(
                        "a field split in two", port.get("X: a\r\n b\r\n"), gives: 400, closes: true),
                    HTTPExchange("a NUL", port.get("X: a\0b\r\n"), gives: 400, closes: true),
                    HTTPExchange("a blank before the colon", port.get("X : a\r\n"), gives: 400, closes: true),
                    HTTPExchange(
                        "a long field", port.get("X: \(String(repeating: "x", count: 16_400))\r\n"),
                        gives: 431, closes: true
                    ),
                    HTTPExchange(
                        "a long target", port.get(path: "/\(String(repeating: "x", count: 16_400))"),
                        gives: 431,
                        closes: true),
                    HTTPExchange(
                        "many fields", port.get(String(repeating: "X: y\r\n", count: 100)), gives: 431,
                        closes: true),
                ]
            }
        }
    }
}
