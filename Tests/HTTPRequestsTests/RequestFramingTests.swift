import Access
import NIOHTTP1
import Testing
import WireFormat

@testable import HTTPRequests

@Suite("What header fields say")
struct RequestFramingTests {
    private static func framing(
        _ fields: [(String, String)], _ version: HTTPVersion = .http1_1, host: String? = "localhost"
    ) throws(Problem) -> RequestFraming {
        let all = host.map { [("Host", $0)] + fields } ?? fields
        return try RequestFraming(
            HTTPRequestHead(version: version, method: .POST, uri: "/", headers: HTTPHeaders(all)))
    }

    @Test("Length, coding, type, expectation and who asks are read whatever the case of their names")
    func fields() throws {
        let plain = try Self.framing([
            ("CONTENT-LENGTH", " 12 "), ("content-Type", "application/JSON ; charset=utf-8"),
            ("Expect", "100-Continue"), ("authorization", "Bearer a"),
        ])
        #expect(plain.length == 12 && plain.hasBody && plain.isJSON && plain.expectsContinue)
        #expect(plain.authorization == "Bearer a" && plain.host == "localhost" && !plain.closes)
        let chunked = try Self.framing([("Transfer-Encoding", "Chunked"), ("Content-Type", "text/plain")])
        #expect(chunked.isChunked && chunked.hasBody && !chunked.isJSON)
        let coded = try Self.framing([
            ("Content-Encoding", "gzip"), ("Content-Type", "application/json"),
        ])
        #expect(!coded.isJSON && !coded.hasBody)
    }

    @Test("A connection ends where its client says so, and after HTTP/1.0 unless that one keeps it")
    func ends() throws {
        #expect(try Self.framing([("Connection", "close")]).closes)
        #expect(try Self.framing([], .http1_0, host: nil).closes)
        let kept = try Self.framing([("Connection", "keep-alive")], .http1_0, host: nil)
        #expect(!kept.closes && kept.keepsOldConnection)
        // HTTP/1.0 knows no expectation: it is passed over.
        #expect(try Self.framing([("Expect", "a pony")], .http1_0).expectsContinue == false)
    }

    @Test("An offer to upgrade is known as one; one that could be read in two ways is the last request")
    func offers() throws {
        let clear = try Self.framing([("Upgrade", "h2c"), ("Connection", "Upgrade, HTTP2-Settings")])
        #expect(clear.offersUpgrade && !clear.closes)
        let other = try Self.framing([("Upgrade", "h2c"), ("Connection", "keep-alive")])
        #expect(!other.offersUpgrade && !other.closes)
        let odd = try Self.framing([("Upgrade", "h2c"), ("Connection", "upgrade,,x")])
        #expect(!odd.offersUpgrade && odd.closes)
    }

    @Test(
        "What cannot be told for sure is refused",
        arguments: [
            ([], nil), ([("Host", "other")], "localhost"), ([("Content-Length", "x")], "h"),
            ([("Transfer-Encoding", "gzip, chunked")], "h"),
            ([("Authorization", "Bearer a"), ("Authorization", "Bearer b")], "h"),
            ([("Expect", "a pony")], "h"),
        ] as [([(String, String)], String?)])
    func refusals(_ fields: [(String, String)], _ host: String?) {
        #expect(throws: Problem.self) { try Self.framing(fields, host: host) }
    }

    @Test("Without tokens only names of this machine are answered, and no page of another origin")
    func senders() throws {
        func check(_ host: String, _ fields: [(String, String)], _ target: String = "/") throws {
            var hosts = HostCheck(takesAnyHost: false)
            try Self.framing(fields, host: host).checkSender(
                .POST, RequestTarget(target), hosts: &hosts, isSecure: false)
        }
        try check("localhost:7401", [("Origin", "http://localhost:7401")])
        try check("127.0.0.1", [])
        let foreign = #expect(throws: Problem.self) {
            try check("localhost", [("Origin", "http://a.example")])
        }
        #expect(foreign?.type == .foreignOrigin)
        let misdirected = #expect(throws: Problem.self) { try check("a.example", []) }
        #expect(misdirected?.type == .misdirectedRequest)
        // An absolute target names the host in place of the field.
        let absolute = #expect(throws: Problem.self) { try check("localhost", [], "http://a.example/") }
        #expect(absolute?.type == .misdirectedRequest)
        let none = #expect(throws: Problem.self) { try check("a b", []) }
        #expect(none?.type == .malformedRequest)
    }
}
