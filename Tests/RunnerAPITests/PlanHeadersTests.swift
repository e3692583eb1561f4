// Replies under more plans than are worth preparing: each has its own headers, and memory stays
// bounded.

import Accounting
import Metrics
import NIOCore
import Testing

@testable import RunnerAPI

@Suite("Headers of plans with overrides")
struct PlanHeadersTests {
    @Test(
        "Whatever the number of accounts with amounts of their own, each reply tells its own, and few are kept"
    )
    func bounded() throws {
        let standard = try Plan.serverless()
        let base = try PlanBook(plans: [standard], default: "serverless")
        var overrides: [Account: AccountOverride] = [:]
        for number in 0..<10_000 {
            overrides[Account("a-\(number)")!] = AccountOverride(amounts: ["executions": number])
        }
        let book = PlanBook(base, overrides: overrides) { Issue.record("\($0): \($1)") }
        var writer = ResponseWriter(
            includesTime: false, metrics: ServerMetrics(factory: NOOPMetricsHandler.instance))
        writer.replace(plans: book)
        #expect(writer.planHeadersCount == 1, "nothing is prepared for accounts that nobody asked about")
        let usage = standard.windows.map { _ in
            Usage(executions: 0, executionTimeMs: 0, oldestLeavesInMs: nil)
        }
        for number in Array(0..<10_000) + [0, 1, 2] {
            writer.out.clear()
            let plan = book.plan(of: Account("a-\(number)")!)
            writer.rateLimit(Standing(plan: plan, usage: usage), retryAfterMs: nil)
            #expect(
                String(buffer: writer.out).hasPrefix("RateLimit-Policy: \"executions\";q=\(number);w=60\r\n"))
            #expect(writer.planHeadersCount <= ResponseWriter.maximumPlanHeaders)
        }
        writer.replace(plans: base)
        #expect(writer.planHeadersCount == 1)
    }
}
