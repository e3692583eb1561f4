// Random changes to requests: the service neither crashes nor hangs nor answers 5xx for its own
// fault, and reports no answer that the ledger did not give.

import Foundation
import SeededChance
import SharedVectors
import Testing

@testable import RunnerAPI

@Suite("Mutations of good requests")
struct MutationTests {
    private static let requests = [
        EmbeddedClient.admit(
            #"{"id":"a","kind":"function","maxDurationMs":10,"minDurationMs":1,"payloadBytes":3}"#),
        EmbeddedClient.admit(#"{"id":"b","function":"f","kind":"workflow-action","maxDurationMs":20000}"#),
        EmbeddedClient.settle("a", #"{"durationMs":5,"outcome":"timeout"}"#),
        EmbeddedClient.peek,
        "POST /v1/accounts/a%40b/executions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json; charset=utf-8\r\n"
            + "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\nX: y\r\n\r\n",
        "HEAD http://localhost/v1/accounts/a/limits?q HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    ].map { Array($0.utf8) }

    private static let mutator = Mutator([
        "\r\n", "\n", "\r", "\0", ":", " ", "\t", "Content-Length: 5\r\n", "Content-Length: 0\r\n",
        "Transfer-Encoding: chunked\r\n", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "Connection: close\r\n",
        "Upgrade: x\r\nConnection: upgrade\r\n", "Expect: 100-continue\r\n", "Host: localhost\r\n",
        "0\r\n\r\n",
        "\r\n\r\n", "{", "}", "\"", "%", "%00", "%2F", "..", "/", "\u{FFFD}", "CONNECT ", "OPTIONS ", "HEAD ",
        "GET /v1/accounts/a/limits HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ])

    @Test(
        "are answered in order with what HTTP has for them, and the connection ends or goes on",
        arguments: 0..<10)
    func survive(seed: Int) throws {
        var random = SeededGenerator(seed: seed)
        var statuses: [Int: Int] = [:]
        for round in 0..<Proof.times(100) {
            var bytes = (0..<random.number(in: 1...3)).flatMap { _ in random.pick(Self.requests) }
            bytes =
                random.once(in: 5)
                ? Self.mutator.splice(bytes, random.pick(Self.requests), using: &random)
                : Self.mutator.mutant(of: bytes, using: &random)
            try send(bytes, "seed \(seed), round \(round)", &random, &statuses)
        }
        print(
            "requests \(seed): \(Proof.times(100)) connections, replies \(statuses.sorted { $0.key < $1.key })"
        )
        #expect(statuses[201] != nil && statuses[400] != nil)
    }

    /// A public vector in every place of a request where bytes of the client's choice may stand.
    private static func requests(around vector: [UInt8]) -> [[UInt8]] {
        let line = vector.filter { $0 != 0x0D && $0 != 0x0A }
        let length = Array("Content-Length: \(vector.count)\r\n\r\n".utf8)
        let start = Array("POST /v1/accounts/".utf8)
        let head = Array(" HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n".utf8)
        let empty = Array("Content-Length: 0\r\n\r\n".utf8)
        let executions = Array("acme/executions".utf8)
        let bodies = [
            start + executions + head + length + vector,
            start + executions + Array("/a/settle".utf8) + head + length + vector,
        ]
        let paths = [
            start + line + Array("/executions".utf8) + head + empty,
            start + executions + Array("/".utf8) + line + Array("/settle".utf8) + head + empty,
        ]
        let fields = ["Content-Type", "X-Request-Id", "Expect", "Connection", "RateLimit", "Content-Length"]
            .map {
                start + executions + head + Array("\($0): ".utf8) + line + Array("\r\n".utf8) + empty
            }
        return bodies + paths + fields
    }

    private static func vectors() throws -> [[UInt8]] {
        struct Field: Decodable { let raw: [String]? }
        struct Example: Decodable { let value: String }
        struct Examples: Decodable { let examples: [Example] }
        let names = ["list", "dictionary", "item", "string", "param-dict"].map {
            "structured-fields/\($0).json"
        }
        let fields = try names.compactMap(SharedVectors.data).flatMap {
            try JSONDecoder().decode([Field].self, from: $0).flatMap { $0.raw ?? [] }
        }
        let examples = try SharedVectors.data("ratelimit-headers.json").map {
            try JSONDecoder().decode(Examples.self, from: $0).examples.map(\.value)
        }
        let ours = [
            #""executions";r=5;t=1"#, "a=1, b", "?1", ":aGk=:", "\"\\\"", "%\"f%c3%bc\"", "", ",", "a;b=(c",
        ]
        let lines = examples.map { fields + $0 } ?? ours
        SharedVectors.say("header fields", lines.count, shared: examples != nil)
        let texts = (lines + (try NaughtyStrings.all())).map { Array($0.utf8) }
        return (texts + (try JSONVector.all()).map(\.bytes)).filter { $0.count < 8_000 }
    }

    @Test(
        "made of the public vectors, as they are and changed, are answered in the same way", arguments: 0..<5)
    func vectors(seed: Int) throws {
        var random = SeededGenerator(seed: 1_000 + seed)
        var statuses: [Int: Int] = [:]
        var connections = 0
        // Each seed has its share of the vectors.
        for (index, vector) in try Self.vectors().enumerated() where index % 5 == seed {
            let text = "seed \(seed), vector \(index)"
            let requests = Self.requests(around: vector).shuffled(using: &random)
            for request in requests.prefix(Proof.isAsked ? 10 : 2) {
                try send(request + EmbeddedClient.peek.utf8, text, &random, &statuses)
                connections += 1
            }
            for _ in 0..<Proof.times(1) {
                try send(Self.mutator.mutant(of: requests[0], using: &random), text, &random, &statuses)
                connections += 1
            }
        }
        print("vectors \(seed): \(connections) connections, replies \(statuses.sorted { $0.key < $1.key })")
        #expect(statuses[200] != nil && statuses[400] != nil)
    }

    private func send(
        _ bytes: [UInt8], _ what: String, _ random: inout SeededGenerator, _ statuses: inout [Int: Int]
    ) throws {
        let client = try EmbeddedClient(isScripted: true)
        let connection = try FuzzedConnection(
            sending: bytes, to: client, endsInput: random.once(in: 2), using: &random)
        for reply in connection.replies { statuses[reply.status, default: 0] += 1 }
        if let complaint = connection.complaint {
            Issue.record("\(what): \(String(decoding: bytes, as: UTF8.self).debugDescription)\n\(complaint)")
        }
    }
}
