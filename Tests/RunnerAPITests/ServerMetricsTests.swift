// The metrics: every decision, every reply, and what is open.

import Accounting
import NIOCore
import NIOEmbedded
import Testing

@testable import RunnerAPI

@Suite("Metrics")
struct ServerMetricsTests {
    private typealias Client = EmbeddedClient

    @Test("Every counter is there before the first request, and no label names an account")
    func prepared() throws {
        let client = try Client()
        for verdict in [
            "admitted", "held", "settled", "not_held", "peeked", "refused", "unavailable", "degraded",
        ] {
            #expect(client.metrics[#"stint_decisions_total{verdict="\#(verdict)"}"#] == 0)
        }
        for limit in ["execution-time", "executions"] {
            #expect(client.metrics[#"stint_decisions_total{verdict="denied",limit="\#(limit)"}"#] == 0)
        }
        for status in Status.allCases {
            #expect(client.metrics[#"stint_http_responses_total{status="\#(status.rawValue)"}"#] == 0)
        }
        let before = Set(client.metrics.series.keys)
        _ = try client.ask(Client.admit() + Client.peek + Client.get("/nope"))
        #expect(Set(client.metrics.series.keys) == before)
    }

    @Test("A decision counts once for its verdict, a denial once for each limit it names")
    func decisions() throws {
        let limits = [
            try Limit(name: "time", meter: .executionTime, amount: 500, windowMs: 60_000),
            try Limit(name: "count", meter: .executions, amount: 1, windowMs: 60_000),
            try Limit(name: "day", meter: .executions, amount: 100, windowMs: 86_400_000),
        ]
        let client = try Client(plans: Client.plans(limits: limits))
        let ask = #"{"id":"a","maxDurationMs":500}"#
        let requests = [
            Client.admit(ask), Client.admit(ask), Client.admit(#"{"maxDurationMs":0}"#), Client.admit(),
            Client.admit(#"{"kind":"train"}"#), Client.settle("a", #"{"durationMs":1}"#),
            Client.settle("a", #"{"durationMs":1}"#), Client.peek, Client.get("/nope"), Client.admit("{"),
        ]
        _ = try client.ask(requests.joined())
        let decisions = client.metrics.series.filter {
            $0.key.hasPrefix("stint_decisions_total") && $0.value > 0
        }
        #expect(
            decisions == [
                #"stint_decisions_total{verdict="admitted"}"#: 1,
                #"stint_decisions_total{verdict="held"}"#: 1,
                #"stint_decisions_total{verdict="denied",limit="count"}"#: 2,
                #"stint_decisions_total{verdict="denied",limit="time"}"#: 1,
                #"stint_decisions_total{verdict="refused"}"#: 1,
                #"stint_decisions_total{verdict="settled"}"#: 1,
                #"stint_decisions_total{verdict="not_held"}"#: 1,
                #"stint_decisions_total{verdict="peeked"}"#: 1,
            ])
        let responses = client.metrics.series.filter {
            $0.key.hasPrefix("stint_http_responses_total") && $0.value > 0
        }
        #expect(
            responses.mapValues { Int($0) } == [
                #"stint_http_responses_total{status="200"}"#: 3,
                #"stint_http_responses_total{status="201"}"#: 1,
                #"stint_http_responses_total{status="400"}"#: 1,
                #"stint_http_responses_total{status="404"}"#: 2,
                #"stint_http_responses_total{status="422"}"#: 1,
                #"stint_http_responses_total{status="429"}"#: 2,
            ])
    }

    @Test("The gauges tell what is open")
    func gauges() throws {
        let client = try Client(isScripted: true)
        #expect(client.metrics["stint_http_connections"] == 1)
        try client.reconnect()
        #expect(client.metrics["stint_http_connections"] == 2)
        try client.send(Client.admit() + Client.admit())
        client.eventLoop.advanceTime(by: .seconds(1))
        #expect(client.metrics["stint_http_requests_in_flight"] == 2)
        client.scripted.answer()
        client.eventLoop.advanceTime(by: .seconds(1))
        #expect(client.metrics["stint_http_requests_in_flight"] == 1)
        client.hangUp()
        #expect(client.metrics["stint_http_connections"] == 1)
        client.scripted.answer()
        client.eventLoop.advanceTime(by: .seconds(1))
        #expect(client.metrics["stint_http_requests_in_flight"] == 0)
    }
}
