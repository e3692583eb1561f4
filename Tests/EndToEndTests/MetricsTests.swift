// The metrics for the operator: counts that add up, in a text that Prometheus can read, without a
// customer's name.

import Checkout
import Foundation
import StintClient
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Metrics and log")
    struct MetricsTests {
        static let account = "customer-name"

        @Test("/metrics counts decisions, ledger time and combined asks, names no account, and parses")
        func metrics() async throws {
            try await Stint.serving { stint, _ in
                try await Self.traffic(stint.client)
                let text = try await stint.admin("/metrics").body
                let page = try MetricsPage(text)
                let decisions = "stint_decisions_total"
                #expect(page.value(decisions, ["verdict": "admitted"]) == 60)
                #expect(page.value(decisions, ["verdict": "held"]) == 1)
                #expect(page.value(decisions, ["verdict": "settled"]) == 1)
                #expect(page.value(decisions, ["verdict": "not_held"]) == 1)
                #expect(page.value(decisions, ["verdict": "peeked"]) == 8)
                #expect(page.value(decisions, ["verdict": "refused"]) == 1)
                #expect(page.value(decisions, ["verdict": "denied", "limit": "execution-time"]) == 2)
                #expect(page.value(decisions, ["verdict": "denied", "limit": "executions"]) == 0)
                #expect(page.value("stint_http_responses_total", ["status": "201"]) == 60)
                #expect(page.value("stint_http_responses_total", ["status": "429"]) == 2)
                #expect(page.kinds["stint_ledger_seconds"] == "histogram")
                let calls = try #require(page.value("stint_ledger_seconds_count", [:]))
                let asks = try #require(page.value("stint_combined_asks_sum", [:]))
                #expect(asks == 73, "60 + 1 + 2 admits, 2 settles, 8 peeks")
                #expect(calls > 0 && calls <= asks)
                #expect(page.value("stint_combined_asks_count", [:]) == calls)
                #expect(try #require(page.value("stint_redis_connections_total", ["role": "single"])) >= 1)
                #expect(!text.contains(Self.account))
                report(
                    "/metrics: \(page.samples.count) samples of \(page.kinds.count) metrics parse; "
                        + "\(Int(asks)) asks in \(Int(calls)) ledger calls")
                try Self.askPromtool(text)
            }
        }

        @Test(
            "What the alerts and the dashboard ask for is served",
            arguments: ["deploy/prometheus/alerts.yml", "deploy/grafana/dashboard.json"])
        func watched(file: String) async throws {
            let text = try Checkout.text(of: file)
            let page = try await Stint.serving { stint, _ in
                try await Self.traffic(stint.client)
                return try await MetricsPage(stint.admin("/metrics").body)
            }
            let served = Set(page.samples.keys.map(\.name))
            let asked = Set(text.matches(of: /\bstint_\w+/).map { String($0.output) })
            #expect(asked.count > 5 && asked.isSubset(of: served), "\(asked.subtracting(served))")
            let verdicts = Set(page.samples.keys.compactMap { $0.labels["verdict"] })
            let named = text.matches(of: /verdict=~?\\?"([\w|]+)/).flatMap {
                $0.output.1.split(separator: "|")
            }
            #expect(!named.isEmpty && named.allSatisfy { verdicts.contains(String($0)) }, "\(named)")
            if file.hasSuffix(".json") { _ = try JSONSerialization.jsonObject(with: Data(text.utf8)) }
        }

        @Test("The log has one line at start and none per request")
        func log() async throws {
            try await Stint.serving { stint, _ in
                let before = stint.log
                try await Self.traffic(stint.client)
                #expect(before.components(separatedBy: "stint serves\n").count == 2)
                // A link that a busy machine made late may be spoken of; requests may not.
                let since = stint.log.dropFirst(before.count).split(separator: "\n")
                #expect(since.allSatisfy { $0.contains("redis link") }, "\(since)")
                #expect(!stint.log.contains(Self.account))
                report("the line at start: \(before.split(separator: "\n").last ?? "")")
            }
        }

        /// 60 admissions, one repeated, 2 denials, 8 peeks at once, a refusal; one settlement,
        /// repeated.
        private static func traffic(_ client: RunnerClient) async throws {
            for number in 1...60 {
                let body = AdmitBody(id: "r-\(number)")
                #expect(try await client.admit(body, account: account).status == 201)
            }
            #expect(try await client.admit(AdmitBody(id: "r-1"), account: account).status == 200)
            for _ in 1...2 { #expect(try await client.admit(account: account).status == 429) }
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 1...8 { group.addTask { try await client.peek(account: account).status } }
                for try await status in group { #expect(status == 200) }
            }
            #expect(try await client.admit(AdmitBody(kind: "unheard-of"), account: account).status == 422)
            for status in [200, 404] {
                let reply = try await client.settle("r-1", SettleBody(durationMs: 84), account: account)
                #expect(reply.status == status)
            }
        }

        private static func askPromtool(_ text: String) throws {
            let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
            let candidates = folders.map { "\($0)/promtool" }
            guard let promtool = candidates.first(where: FileManager.default.isExecutableFile(atPath:)) else {
                report(
                    "promtool is not on PATH; /metrics was checked against the grammar in MetricsPage only")
                return
            }
            let process = Process()
            process.executableURL = URL(fileURLWithPath: promtool)
            process.arguments = ["check", "metrics"]
            let input = Pipe()
            process.standardInput = input
            try process.run()
            try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
            try input.fileHandleForWriting.close()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            report("promtool check metrics: status \(process.terminationStatus)")
        }
    }
}
