// Requests that two parsers might read differently, or not at all: rejected and the connection
// closed, and no request smuggled after them.

import Accounting
import Testing

@testable import RunnerAPI

@Suite("Malformed requests")
struct MalformedRequestTests {
    private static let start = "POST /v1/accounts/acme/executions HTTP/1.1\r\n"
    private static let host = "Host: localhost\r\nContent-Type: application/json\r\n"

    static let requests: [String] = [
        start + host + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        start + host + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
        start + host + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
        start + host + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        start + host + "Content-Length: 2, 2\r\n\r\n{}",
        start + host + "Content-Length: +2\r\n\r\n{}",
        start + host + "Content-Length: -2\r\n\r\n{}",
        start + host + "Content-Length: 0x2\r\n\r\n{}",
        start + host + "Content-Length: 2 2\r\n\r\n{}",
        start + host + "Content-Length: 99999999999999999999\r\n\r\n{}",
        start + host + "Content-Length : 2\r\n\r\n{}",
        start + host + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        start + host + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        start + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        start + host + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        start + host + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        start + host + "Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
        start + host + "Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
        start + host + "Transfer-Encoding: chunked\r\n\r\n2 2\r\n{}\r\n0\r\n\r\n",
        start + host + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n",
        start + host + "Transfer-Encoding: chunked\r\n\r\n\r\n{}\r\n0\r\n\r\n",
        start + host + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n",
        start + host + "Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n",
        "POST /v1/accounts/acme/executions HTTP/1.0\r\n" + host
            + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        start + "Content-Length: 0\r\n\r\n",
        start + "Host: localhost\r\nHost: 127.0.0.2\r\nContent-Length: 0\r\n\r\n",
        start + host + "Content-Length\r\n: 2\r\n\r\n{}",
        start + host + " Content-Length: 2\r\n\r\n{}",
        start + host + "X: a\r\n b\r\nContent-Length: 0\r\n\r\n",
        start + host + "X: a\0b\r\nContent-Length: 0\r\n\r\n",
        start + host + "X\0: a\r\nContent-Length: 0\r\n\r\n",
        start + host + ": a\r\nContent-Length: 0\r\n\r\n",
        start + host + "X: a\rContent-Length: 0\r\n\r\n",
        "POST /v1/accounts/ac me/executions HTTP/1.1\r\n" + host + "\r\n",
        "POST /v1/accounts/acme/executions\0 HTTP/1.1\r\n" + host + "\r\n",
        "POST /v1/accounts/acme/executions HTP/1.1\r\n" + host + "\r\n",
        "post /v1/accounts/acme/executions HTTP/1.1\r\n" + host + "\r\n",
        "FROB /v1/accounts/acme/executions HTTP/1.1\r\n" + host + "\r\n",
        "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\0",
        "{}",
    ]

    /// Its version is malformed, which the decoder does not tell from a version that nobody speaks.
    static let versions: [String] = [
        start.replacing("\r\n", with: "\n") + "Host: h\nContent-Length: 0\n\n",
        "POST /v1/accounts/acme/executions HTTP/1.1 \r\n" + host + "\r\n",
        "POST /v1/accounts/acme/executions\r\n" + host + "\r\n",
        "POST /v1/accounts/acme/executions HTTP/0.9\r\n" + host + "\r\n",
        "POST /v1/accounts/acme/executions HTTP/1.2\r\n" + host + "\r\n",
        "POST /v1/accounts/acme/executions HTTP/3\r\n" + host + "\r\n",
    ]

    @Test("is answered once with 400 and closed, and what follows is not read", arguments: requests)
    func refused(_ request: String) throws {
        let client = try EmbeddedClient(isScripted: true)
        let reply = try client.ask(request + EmbeddedClient.admit(#"{"id":"smuggled"}"#))
        #expect(reply.hasPrefix("HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\n"))
        #expect(reply.contains("\r\nConnection: close\r\n\r\n{"))
        #expect(reply.contains(#""type":"urn:stint:problem:malformed-request""#))
        #expect(reply.components(separatedBy: "HTTP/1.1 ") == 2)
        #expect(client.scripted.waiting.isEmpty)
        #expect(!client.isOpen)
    }

    @Test("is refused the same way when it comes byte by byte", arguments: requests)
    func refusedInPieces(_ request: String) throws {
        let client = try EmbeddedClient(isScripted: true)
        for byte in (request + EmbeddedClient.admit()).utf8 { try client.send([byte]) }
        #expect(try client.received().components(separatedBy: "HTTP/1.1 400 ") == 2)
        #expect(client.scripted.waiting.isEmpty)
        #expect(!client.isOpen)
    }

    @Test("of a version that is none is answered once with 505 and closed", arguments: versions)
    func version(_ request: String) throws {
        for pieces in [
            [request + EmbeddedClient.admit()], (request + EmbeddedClient.admit()).map(String.init),
        ] {
            let client = try EmbeddedClient(isScripted: true)
            for piece in pieces { try client.send(piece) }
            let reply = try client.received()
            #expect(reply.hasPrefix("HTTP/1.1 505 "))
            #expect(reply.components(separatedBy: "Content-Type: ") == 2)
            #expect(client.scripted.waiting.isEmpty)
            #expect(!client.isOpen)
        }
    }

    @Test("ends a request that the client ends in its midst")
    func cutOff() throws {
        let request = EmbeddedClient.admit(#"{"id":"a"}"#)
        for length in 1..<request.utf8.count {
            let client = try EmbeddedClient(isScripted: true)
            try client.send(Array(request.utf8.prefix(length)))
            client.endInput()
            let reply = try client.received()
            #expect(reply.isEmpty || reply.hasPrefix("HTTP/1.1 400 "), "after \(length) bytes")
            #expect(!client.isOpen)
            #expect(client.scripted.waiting.isEmpty)
        }
    }
}

extension String {
    /// How many pieces `separator` cuts this into.
    fileprivate func components(separatedBy separator: String) -> Int {
        split(separator: separator, omittingEmptySubsequences: false).count
    }
}
