// Requests that went wrong by chance: whatever comes, the service neither crashes nor hangs nor blames itself.

import SeededChance
import Testing

@testable import RunnerAPI

@Suite("Mutations of good requests")
struct MutationTests {
    private static let requests = [
        EmbeddedClient.admit(
            #"{"id":"a","kind":"function","maxDurationMs":10,"minDurationMs":1,"payloadBytes":3}"#),
        EmbeddedClient.settle("a", #"{"durationMs":5,"outcome":"timeout"}"#),
        EmbeddedClient.peek,
        "POST /v1/accounts/a%40b/executions HTTP/1.1\r\nHost: h\r\nContent-Type: application/json; charset=utf-8\r\n"
            + "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\nX: y\r\n\r\n",
        "HEAD http://h/v1/accounts/a/limits?q HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    ].map { Array($0.utf8) }

    private static let fragments = [
        "\r\n", "\n", "\r", "\0", ":", " ", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n",
        "HTTP/1.1",
        "Connection: close\r\n", "Upgrade: x\r\nConnection: upgrade\r\n", "0\r\n\r\n", "{", "\"", "%",
        "\u{FFFD}", "9999999999",
        "CONNECT ",
    ].map { Array($0.utf8) }

    /// A few good requests in a row, changed in a few places.
    private static func mutant(_ random: inout SeededGenerator) -> [UInt8] {
        var bytes = (0..<Int.random(in: 1...3, using: &random)).flatMap { _ in
            requests[Int.random(in: 0..<requests.count, using: &random)]
        }
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            guard !bytes.isEmpty else { break }
            let place = Int.random(in: 0..<bytes.count, using: &random)
            let other = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
            case 2:
                bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...9, using: &random)))
            case 3:
                let fragment = fragments[Int.random(in: 0..<fragments.count, using: &random)]
                bytes.insert(contentsOf: fragment, at: place)
            case 4: bytes.swapAt(place, other)
            default: bytes.insert(contentsOf: Array(bytes[min(place, other)..<max(place, other)]), at: place)
            }
        }
        return bytes
    }

    @Test(
        "are answered in order with what HTTP has for them, and the connection ends or goes on",
        arguments: 0..<20)
    func survive(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        for round in 0..<100 {
            let bytes = Self.mutant(&random)
            let client = try EmbeddedClient()
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...bytes.count, using: &random))
                try client.send(Array(piece))
                rest = rest.dropFirst(piece.count)
            }
            client.endInput()
            let replies = try client.received()
            let text = "seed \(seed), round \(round): \(String(decoding: bytes, as: UTF8.self))"
            #expect(!client.isOpen, "\(text)")
            for status in replies.matches(of: #/HTTP/1\.1 (\d\d\d) /#).map(\.output.1) {
                #expect(!status.hasPrefix("5") || status == "503" || status == "505", "\(text)\n\(replies)")
            }
            #expect(replies.isEmpty || replies.hasPrefix("HTTP/1.1 "), "\(text)\n\(replies)")
            #expect(replies.ranges(of: "Connection: close\r\n").count <= 1, "\(text)\n\(replies)")
        }
    }
}
