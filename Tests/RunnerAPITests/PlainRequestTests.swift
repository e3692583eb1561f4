// Which requests are plain. The reader of plain requests and NIO's decoder read the same request
// and give the same reply.

import HTTPRequests
import NIOCore
import NIOEmbedded
import NIOHTTP1
import SeededChance
import Testing

@testable import RunnerAPI

@Suite("Plain requests")
struct PlainRequestTests {
    private typealias Client = EmbeddedClient
    private static let bounds = PlainRequest.Bounds(headBytes: 400, fields: 6, bodyBytes: 20)

    private static func plain(
        _ bytes: [UInt8], from start: Int = 0, within bounds: PlainRequest.Bounds = bounds
    ) -> PlainRequest? {
        PlainRequest(in: bytes.span, from: start, within: bounds)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var line = "POST /v1/accounts/a/executions HTTP/1.1"
        var fields = ["Host: localhost", "Content-Type: application/json", "Content-Length: 2"]
        var body = "{}"
        var isPlain = true

        var text: String { ([line] + fields + [""]).map { $0 + "\r\n" }.joined() + body }
        var testDescription: String { "\(isPlain ? "plain" : "not plain"): \(text.debugDescription)" }

        static func line(_ line: String, isPlain: Bool) -> Row { Row(line: line, isPlain: isPlain) }

        /// With these beside `Host`, and without a body.
        static func fields(_ fields: String..., isPlain: Bool) -> Row {
            Row(fields: ["Host: localhost"] + fields, body: "", isPlain: isPlain)
        }
    }

    private static let lines: [Row] = [
        .line("POST /v1/accounts/a/executions HTTP/1.1", isPlain: true),
        .line("GET /v1/accounts/a@b:c.D_e-9/limits HTTP/1.1", isPlain: true),
        // Whether there is anything at such a path, the route table says.
        .line("POST /v1/accounts/ HTTP/1.1", isPlain: true),
        .line("HEAD /v1/accounts/a/limits HTTP/1.1", isPlain: false),
        .line("post /v1/accounts/a/executions HTTP/1.1", isPlain: false),
        .line("POST  /v1/accounts/a/executions HTTP/1.1", isPlain: false),
        .line("POST /v1/accounts/a/executions  HTTP/1.1", isPlain: false),
        .line("POST /v1/accounts/a/executions HTTP/1.0", isPlain: false),
        .line("POST /v1/accounts/a/executions http/1.1", isPlain: false),
        .line("POST /v1/accounts/a/executions", isPlain: false),
        .line("POST /v1/account HTTP/1.1", isPlain: false),
        .line("POST /v1/accounts/a%40/executions HTTP/1.1", isPlain: false),
        .line("POST /v1/accounts/a/executions?x HTTP/1.1", isPlain: false),
        .line("POST /v1/accounts/a/executions#x HTTP/1.1", isPlain: false),
        .line("POST http://localhost/v1/accounts/a/executions HTTP/1.1", isPlain: false),
    ]

    private static let fields: [Row] = [
        .fields(isPlain: true),
        .fields("Content-Length: 0", isPlain: true),
        .fields("content-length:0", isPlain: true),
        .fields("Content-Length: 00000000", isPlain: true),
        .fields("Content-Length: 000000000", isPlain: false),
        .fields("Content-Length: 0", "Content-Length: 0", isPlain: false),
        .fields("Content-Length: 0 ", isPlain: false),
        .fields("Content-Length: +0", isPlain: false),
        .fields("Content-Length: -0", isPlain: false),
        .fields("Content-Length: 0, 0", isPlain: false),
        .fields("Content-Length: 0x0", isPlain: false),
        .fields("Content-Length:", isPlain: false),
        .fields("Content-Length : 0", isPlain: false),
        .fields("Content-Length: 1", isPlain: false),
        .fields("Content-Type: APPLICATION/json", isPlain: true),
        .fields("Content-Type: application/json;charset=utf-8", isPlain: true),
        .fields("Content-Type: application/json ;x", isPlain: false),
        .fields("Content-Type: application/jsonx", isPlain: false),
        .fields("Content-Type: application/jso", isPlain: false),
        .fields("Content-Type: text/plain", isPlain: false),
        .fields("Content-Type: application/json", "Content-Type: application/json", isPlain: false),
        .fields("Connection: Keep-Alive", isPlain: true),
        .fields("Connection: close", isPlain: false),
        .fields("Connection: keep-alive, upgrade", isPlain: false),
        .fields("User-Agent: x", "Accept:*/*", "Accept-Encoding: y", isPlain: true),
        .fields("X-Request-Id: z", "traceparent: 0", "tracestate: 1", "ACCEPT-LANGUAGE: 2", isPlain: true),
        .fields("Accept: 1", "Accept: 2", "Accept: 3", "Accept: 4", "Accept: 5", isPlain: true),
        .fields("Accept: 1", "Accept: 2", "Accept: 3", "Accept: 4", "Accept: 5", "Accept: 6", isPlain: false),
        .fields("Accept: \(String(repeating: "a", count: 400))", isPlain: false),
        .fields("X-Unknown: y", isPlain: false),
        .fields("Host: localhost", isPlain: false),
        .fields("Expect: 100-continue", isPlain: false),
        .fields("Transfer-Encoding: chunked", isPlain: false),
        .fields("Content-Encoding: identity", isPlain: false),
        .fields("Upgrade: h2c", isPlain: false),
        .fields("Accept:", isPlain: false),
        .fields("Accept:  ", isPlain: false),
        .fields("Accept: a\tb", isPlain: false),
        .fields("Accept: a\u{0}b", isPlain: false),
        .fields("Accept: \u{E9}", isPlain: false),
        .fields("Accept: a\rb", isPlain: false),
        .fields("Accept: a\nb", isPlain: false),
        .fields("Accept: a", " folded", isPlain: false),
        // A carriage return is a hyphen but for one bit, the one that tells small letters from
        // capital ones.
        .fields("Accept\rEncoding: x", isPlain: false),
        .fields("Accept\u{0}: x", isPlain: false),
        .fields(": x", isPlain: false),
        .fields("Accept", isPlain: false),
        Row(fields: ["Content-Length: 0"], body: "", isPlain: false),
        Row(fields: ["Host:", "Content-Length: 0"], body: "", isPlain: false),
        Row(body: "{", isPlain: false),
        Row(
            fields: ["Host: localhost", "Content-Length: 20"], body: String(repeating: "x", count: 20),
            isPlain: true),
        Row(
            fields: ["Host: localhost", "Content-Length: 21"], body: String(repeating: "x", count: 21),
            isPlain: false
        ),
    ]

    @Test("are told from all others", arguments: lines + fields)
    func table(_ row: Row) {
        #expect((Self.plain(Array(row.text.utf8)) != nil) == row.isPlain)
    }

    @Test(
        "are taken as they are written, from where they begin, and no byte sooner than all of them is there")
    func places() throws {
        let before = Array("...".utf8)
        let request = Array(Row().text.utf8)
        let bytes = before + request + Array("POST".utf8)
        let plain = try #require(Self.plain(bytes, from: before.count))
        #expect(plain.method == .POST)
        #expect(String(decoding: bytes[plain.path], as: UTF8.self) == "/v1/accounts/a/executions")
        #expect(plain.isJSON)
        #expect(String(decoding: bytes[plain.body], as: UTF8.self) == "{}")
        #expect(plain.body.upperBound == before.count + request.count)
        for count in 0..<request.count {
            #expect(Self.plain(Array(request.prefix(count))) == nil, "\(count) bytes")
        }
        #expect(Self.plain(bytes, from: bytes.count) == nil)
    }

    private static let mutator = Mutator([
        "\r\n", "\n", "\r", "\0", ":", " ", "\t", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n",
        "HTTP/1.1",
        "Connection: close\r\n", "Host: localhost\r\n", "\r\n\r\n", "{", "}", "-", "_", "/", "@", ",", ";",
        "Accept: x\r\n",
    ])

    @Test("are what NIO's decoder reads in the same bytes", arguments: 0..<4)
    func sameAsDecoder(seed: Int) throws {
        var random = SeededGenerator(seed: 40 + seed)
        var count = 0
        for round in 0..<Proof.times(1_500) {
            var bytes = RequestDraw(rarity: 20).request(&random)
            if random.once(in: 2) { bytes = Self.mutator.mutant(of: bytes, most: 2, using: &random) }
            let bounds = PlainRequest.Bounds(headBytes: 16_384, fields: 100, bodyBytes: 65_536)
            guard let plain = Self.plain(bytes, within: bounds) else { continue }
            count += 1
            let all = String(decoding: bytes, as: UTF8.self).debugDescription
            let decoded = try Self.decoded(bytes.prefix(plain.body.upperBound))
            let path = String(decoding: bytes[plain.path], as: UTF8.self)
            #expect(decoded?.head.method == plain.method, "seed \(seed), round \(round): \(all)")
            #expect(decoded?.head.uri == path, "seed \(seed), round \(round): \(all)")
            #expect(decoded?.body == Array(bytes[plain.body]), "seed \(seed), round \(round): \(all)")
            guard let framing = try decoded.map({ try RequestFraming($0.head) }) else { continue }
            #expect(
                framing.length == plain.body.count && framing.isJSON == plain.isJSON && !framing.closes
                    && !framing.isChunked && !framing.expectsContinue && !framing.keepsOldConnection,
                "seed \(seed), round \(round): \(all)")
        }
        print("decoder \(seed): \(count) of \(Proof.times(1_500)) requests are plain")
        #expect(count > Proof.times(200))
    }

    /// What NIO's decoder reads; nil unless that is exactly one request.
    private static func decoded(_ bytes: ArraySlice<UInt8>) throws -> (head: HTTPRequestHead, body: [UInt8])?
    {
        let channel = EmbeddedChannel(handler: ByteToMessageHandler(HTTPRequestDecoder()))
        try channel.writeInbound(ByteBuffer(bytes: bytes))
        guard case .head(let head) = try channel.readInbound(as: HTTPServerRequestPart.self) else {
            return nil
        }
        var body: [UInt8] = []
        while case .body(let piece)? = try channel.readInbound(as: HTTPServerRequestPart.self) {
            body += piece.readableBytesView
        }
        // The loop took the part that is no body, which is the end of the request.
        let isClean = try channel.finish(acceptAlreadyClosed: true).isClean
        return isClean ? (head, body) : nil
    }
}
