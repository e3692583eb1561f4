// One account through the admin API and the command line: its running executions, its log, and
// forgetting its charges.

import Accounting
import AdminClient
import Foundation
import StintClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Accounts")
    struct AccountTests {
        private static func admin(of stint: Stint, _ place: Workplace) async throws -> AdminClient {
            let admin = AdminClient(
                url: "http://127.0.0.1:\(stint.adminPort)", actor: "ann")
            try await eventually("the records can be asked", within: Workplace.timeout) {
                try await stint.admin("/v1/accounts/acme").status == 200
            }
            return admin
        }

        private static func rows(
            _ admin: AdminClient, _ query: [String: String] = [:]
        ) async throws -> ExecutionsBody {
            try await admin.get("v1", "accounts", "acme", "executions", query: query).decoded()
        }

        @Test("What was settled is in the log, with filters and pages; over-long executions are marked")
        func log() async throws {
            try await Stint.serving { stint, place in
                let admin = try await Self.admin(of: stint, place)
                let endings: [(String, SettleBody)] = [
                    ("a", SettleBody(durationMs: 84, outcome: .ok, memoryBytes: 50_331_648)),
                    ("b", SettleBody(durationMs: 10_500, outcome: .timeout)),
                    ("c", SettleBody(durationMs: 10, outcome: .error)),
                    ("d", SettleBody(durationMs: 2_000)),
                ]
                for (id, ending) in endings {
                    let ask = AdmitBody(
                        id: id, function: id == "a" ? nil : "thumbnails/resize",
                        maxDurationMs: id == "d" ? 1_000 : nil)
                    #expect(try await stint.client.admit(ask, account: "acme").status == 201)
                    #expect(try await stint.client.settle(id, ending, account: "acme").status == 200)
                }
                // Settled again: nothing is held, and nothing is logged.
                let again = try await stint.client.settle("a", SettleBody(durationMs: 5), account: "acme")
                #expect(again.status == 404)

                let all = try await Self.rows(admin)
                #expect(all.next == nil && all.executions.map(\.id) == ["d", "c", "b", "a"])
                let a = all.executions[3]
                #expect(a.function == nil && a.kind == "function" && a.outcome == "ok")
                #expect(a.grantedMs == 10_000 && a.durationMs == 84 && a.memoryBytes == 50_331_648)
                #expect(a.at >= a.admittedAt && a.overrunMs == 0 && !a.overCeiling)
                let (b, d) = (all.executions[2], all.executions[0])
                #expect(b.overrunMs == 500 && b.overCeiling && b.function == "thumbnails/resize")
                #expect(d.overrunMs == 1_000 && !d.overCeiling && d.outcome == nil && d.memoryBytes == nil)

                let errors = try await Self.rows(admin, ["outcome": "error"])
                #expect(errors.executions == [all.executions[1]])
                let resized = try await Self.rows(admin, ["function": "thumbnails/resize", "limit": "2"])
                #expect(resized.executions.map(\.id) == ["d", "c"])
                let next = try #require(resized.next)
                let rest = try await Self.rows(admin, ["function": "thumbnails/resize", "before": next])
                #expect(rest.executions.map(\.id) == ["b"] && rest.next == nil)
                #expect(try await Self.rows(admin, ["from": String(d.at + 1)]).executions.isEmpty)
                #expect(try await Self.rows(admin, ["to": String(a.at)]).executions.isEmpty)
                for bad in ["outcome=lost", "before=1", "from=-1", "limit=0", "function=", "kind=x"] {
                    #expect(try await stint.admin("/v1/accounts/acme/executions?\(bad)").status == 400)
                }

                let message = try await place.run([
                    "account", "log", "acme", "--limit", "1", "--admin",
                    "http://127.0.0.1:\(stint.adminPort)",
                ])
                #expect(
                    message.ending == .exited(0) && message.output.contains("thumbnails/resize"), "\(message)"
                )
                #expect(message.output.contains("--before "), "\(message)")
            }
        }

        @Test("The state is what a peek says, with what is running; forgetting empties it, and is audited")
        func stateAndForgetting() async throws {
            try await Stint.serving { stint, place in
                let admin = try await Self.admin(of: stint, place)
                for id in ["a", "b"] {
                    let ask = AdmitBody(id: id, function: "f-\(id)", kind: "workflow-action")
                    #expect(try await stint.client.admit(ask, account: "acme").status == 201)
                }
                let peek = try await stint.client.peek(account: "acme").accepted
                let state: AccountBody = try await admin.get("v1", "accounts", "acme").decoded()
                #expect(state.plan == "serverless" && state.account == "acme" && state.override == nil)
                #expect(state.limits.map(\.name) == peek.policies.map(\.name))
                for (limit, policy) in zip(state.limits, peek.policies) {
                    #expect(limit.amount == policy.amount && limit.used == policy.used)
                    #expect(limit.remaining == policy.remaining && limit.windowMs == policy.windowMs)
                    #expect(limit.percent == policy.used * 100 / policy.amount)
                }
                #expect(state.holds.count == 2 && state.holds.isPartial == nil)
                #expect(state.holds.items.map(\.id) == ["a", "b"])
                let held = state.holds.items[0]
                #expect(held.function == "f-a" && held.kind == "workflow-action")
                #expect(held.grantedMs == 20_000 && held.deadline == held.admittedAt + 20_000)

                let url = "http://127.0.0.1:\(stint.adminPort)"
                let shown = try await place.run(["account", "show", "acme", "--admin", url])
                #expect(shown.ending == .exited(0) && shown.output.contains("2 running"), "\(shown)")
                let forgot = try await place.run(["account", "forget", "acme", "--admin", url])
                #expect(forgot.ending == .exited(0) && forgot.output.hasSuffix("acme: charges forgotten\n"))
                let after: AccountBody = try await admin.get("v1", "accounts", "acme").decoded()
                #expect(after.limits.allSatisfy { $0.used == 0 && $0.percent == 0 })
                #expect(after.holds == state.holds)
                let changes: ChangesBody = try await admin.get("v1", "audit", query: ["limit": "1"]).decoded()
                #expect(changes.changes[0].what == "forget usage acme")
                #expect(
                    changes.changes[0].before
                        == .object(["executions": .integer(2), "execution-time": .integer(40_000)]))

                // A new charge in the same cell is not what the late settlement corrects.
                let ask = AdmitBody(id: "c", maxDurationMs: 9_000)
                #expect(try await stint.client.admit(ask, account: "acme").status == 201)
                let late = try await stint.client.settle("a", SettleBody(durationMs: 84), account: "acme")
                #expect(late.status == 200)
                let receipt = try late.accepted
                #expect(receipt.returnedMs == 0 && receipt.chargedMs == 20_000)
                let end: AccountBody = try await admin.get("v1", "accounts", "acme").decoded()
                #expect(end.limits.map(\.used).sorted() == [1, 9_000] && end.holds.count == 2)
                let rows = try await Self.rows(admin).executions
                #expect(rows.map(\.function) == ["f-a"])
            }
        }

        @Test("Without a log the account is shown without what runs, and its log is empty")
        func withoutLog() async throws {
            try await Stint.serving(["--execution-log-maximum-rows", "0"]) { stint, place in
                let admin = try await Self.admin(of: stint, place)
                let ask = AdmitBody(id: "a", function: "resize")
                #expect(try await stint.client.admit(ask, account: "acme").status == 201)
                let state: AccountBody = try await admin.get("v1", "accounts", "acme").decoded()
                #expect(state.holds.count == 1 && state.holds.items[0].function == nil)
                let settled = try await stint.client.settle("a", SettleBody(durationMs: 1), account: "acme")
                #expect(settled.status == 200)
                #expect(try await Self.rows(admin) == ExecutionsBody(executions: [], next: nil))
            }
        }

        @Test("With the ledger in memory the routes say 501")
        func inMemory() async throws {
            try await Stint.serving(["--ledger", "memory"]) { stint, _ in
                for path in ["", "/executions"] {
                    let reply = try await stint.admin("/v1/accounts/acme\(path)")
                    #expect(reply.status == 501)
                }
            }
        }
    }
}
