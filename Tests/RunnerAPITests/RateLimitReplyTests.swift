// The RateLimit fields of replies, read by an independent parser of Structured Fields.

import Accounting
import RawStructuredFieldValues
import SeededChance
import Testing

@testable import RunnerAPI

@Suite("RateLimit fields")
struct RateLimitReplyTests {
    private typealias Client = EmbeddedClient

    /// One item of `RateLimit`.
    private struct Item: Equatable {
        var remaining: Int64
        var growsIn: Int64?
    }

    private static func items(_ field: String, in reply: String) throws -> [String: OrderedMap<
        String, RFC9651BareItem
    >] {
        let value = try #require(reply.split(separator: "\r\n").first { $0.hasPrefix("\(field): ") })
        var parser = StructuredFieldValueParser(Array(value.dropFirst(field.utf8.count + 2).utf8))
        var items: [String: OrderedMap<String, RFC9651BareItem>] = [:]
        for item in try parser.parseListFieldValue() {
            guard case .item(let item) = item, case .string(let name) = item.rfc9651BareItem else {
                throw Failure.notAnItem
            }
            items[name] = item.rfc9651Parameters
        }
        return items
    }

    private enum Failure: Error { case notAnItem, notAnInteger }

    private static func integer(_ item: RFC9651BareItem?) throws -> Int64? {
        switch item {
        case nil: return nil
        case .integer(let number): return number
        default: throw Failure.notAnInteger
        }
    }

    private static func rateLimit(_ reply: String) throws -> [String: Item] {
        try items("RateLimit", in: reply).mapValues { parameters in
            Item(remaining: try #require(try integer(parameters["r"])), growsIn: try integer(parameters["t"]))
        }
    }

    private static func retryAfter(_ reply: String) -> Int64? {
        reply.firstMatch(of: /\r\nRetry-After: (\d+)\r\n/).flatMap { Int64($0.output.1) }
    }

    @Test("The policy has quota and window, and the time's unit when it is told")
    func policy() throws {
        var settings = RunnerSettings()
        settings.rateLimitTime = true
        let reply = try Client(settings: settings).ask(Client.admit(#"{"maxDurationMs":1}"#))
        let policy = try Self.items("RateLimit-Policy", in: reply)
        #expect(Set(policy.keys) == ["execution-time", "executions"])
        #expect(try Self.integer(policy["executions"]?["q"]) == 6_000)
        #expect(try Self.integer(policy["executions"]?["w"]) == 60)
        #expect(policy["executions"]?["qu"] == nil)
        #expect(try Self.integer(policy["execution-time"]?["q"]) == 600_000)
        #expect(policy["execution-time"]?["qu"] == .string("execution-ms"))
        #expect(
            try Self.rateLimit(reply) == [
                "execution-time": Item(remaining: 599_999, growsIn: 60),
                "executions": Item(remaining: 5_999, growsIn: 60),
            ])
    }

    @Test("Without a limit that may be told there are no fields")
    func none() throws {
        let limits = [try Limit(name: "time", meter: .executionTime, amount: 5, windowMs: 1_000)]
        let reply = try Client(plans: Client.plans(limits: limits)).ask(Client.admit(#"{"maxDurationMs":1}"#))
        #expect(reply.hasPrefix("HTTP/1.1 201 "))
        #expect(!reply.contains("RateLimit"))
    }

    @Test("What is over-used grows when the same ask may be tried again")
    func overused() throws {
        var settings = RunnerSettings()
        settings.rateLimitTime = true
        let limits = [try Limit(name: "time", meter: .executionTime, amount: 1_000, windowMs: 60_000)]
        let client = try Client(settings: settings, plans: Client.plans(limits: limits))
        _ = try client.ask(Client.admit(#"{"id":"early","maxDurationMs":100}"#))
        client.clock.advance(ms: 20_000)
        _ = try client.ask(Client.admit(#"{"id":"late","maxDurationMs":900}"#))
        _ = try client.ask(Client.settle("late", #"{"durationMs":1500}"#))
        let denied = try client.ask(Client.admit(#"{"maxDurationMs":10}"#))
        #expect(Self.retryAfter(denied) == 60)
        #expect(try Self.rateLimit(denied) == ["time": Item(remaining: 0, growsIn: 60)])
        let never = try client.ask(Client.admit(#"{"maxDurationMs":1001,"minDurationMs":1001}"#))
        #expect(Self.retryAfter(never) == nil)
        #expect(try Self.rateLimit(never) == ["time": Item(remaining: 0, growsIn: nil)])
    }

    @Test(
        "t is never later than Retry-After, and r is what is left, through random histories",
        arguments: 0..<10)
    func histories(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var settings = RunnerSettings()
        settings.rateLimitTime = true
        let limits = [
            try Limit(name: "second", meter: .executions, amount: 7, windowMs: 1_500, cells: 7),
            try Limit(name: "time", meter: .executionTime, amount: 2_000, windowMs: 2_000),
            try Limit(name: "minute", meter: .executions, amount: 60, windowMs: 60_000),
        ]
        let client = try Client(settings: settings, plans: Client.plans(limits: limits))
        var denials = 0
        for count in 0..<300 {
            client.clock.advance(ms: Int.random(in: 0...500, using: &random))
            let reply = try client.ask(
                Client.admit(
                    #"{"id":"\#(count)","maxDurationMs":\#(Int.random(in: 0...900, using: &random))}"#))
            let items = try Self.rateLimit(reply)
            let retryAfter = Self.retryAfter(reply)
            #expect(Set(items.keys) == ["second", "time", "minute"])
            #expect(reply.hasPrefix("HTTP/1.1 429 ") == (retryAfter != nil))
            denials += retryAfter == nil ? 0 : 1
            for item in items.values {
                #expect(item.remaining >= 0)
                #expect((item.growsIn ?? 1) >= 1)
                if let retryAfter { #expect((item.growsIn ?? 0) <= retryAfter) }
            }
            if Int.random(in: 0..<3, using: &random) == 0 {
                let duration = Int.random(in: 0...2_000, using: &random)
                _ = try client.ask(Client.settle("\(count)", #"{"durationMs":\#(duration)}"#))
            }
        }
        #expect(denials > 0)
    }
}
