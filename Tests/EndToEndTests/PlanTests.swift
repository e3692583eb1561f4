// Plans that change while Stint runs: through the admin API and the command line, seen by every
// process that shares the Redis, and kept through crashes. A damaged plan never removes a limit.

import AdminClient
import Foundation
import Glibc
import NIOHTTP1
import StintClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Plans and overrides")
    struct PlanTests {
        static let file = """
            default: free
            plans:
              free:
                limits: [{name: executions, meter: executions, amount: 2, windowMs: 60000}]
                kinds: {function: {maxDurationMs: 10000}}
              pro:
                limits: [{name: executions, meter: executions, amount: 50, windowMs: 60000}]
                kinds: {function: {maxDurationMs: 10000}}
            """

        static func amounts(_ stint: Stint, _ account: String) async throws -> [Int] {
            let reply = try await stint.client.peek(account: account)
            return reply.status == 200 ? try reply.accepted.policies.map(\.amount) : []
        }

        static func admin(of stint: Stint, _ place: Workplace) -> AdminClient {
            AdminClient(url: "http://127.0.0.1:\(stint.adminPort)", actor: "ann")
        }

        static func changed(_ plan: PlanBody, executions: Int) -> PlanBody {
            var plan = plan
            plan.limits[0].amount = executions
            return plan
        }

        @Test("What one process changes is in force there at once, and at the other within a second")
        func twoProcesses() async throws {
            try await RedisServer.withServer { redis in
                try await Workplace.open { place in
                    let plans = [
                        "--redis-url", redis.url, "--plans", try place.write(Self.file, to: "plans.yaml"),
                    ]
                    let first = try await place.start(plans)
                    let second = try await place.start(plans)
                    #expect(second.log.contains("plan file was imported already"))
                    let admin = Self.admin(of: first, place)
                    let seen: PlanBody = try await admin.get("v1", "plans", "free").decoded()
                    let etag = try await admin.get("v1", "plans", "free").etag
                    #expect(seen.limits[0].amount == 2)

                    var slowest = Duration.zero
                    for round in 1...5 {
                        let put = try await admin.put(
                            "v1", "plans", "free", body: Self.changed(seen, executions: 10 * round))
                        #expect(put.status == 200)
                        #expect(try await Self.amounts(first, "acme") == [10 * round], "at once")
                        let start = ContinuousClock.now
                        try await eventually("the other process follows") {
                            try await Self.amounts(second, "acme") == [10 * round]
                        }
                        slowest = max(slowest, start.duration(to: .now))
                    }
                    #expect(slowest < .seconds(1) + FaultTests.standstill)
                    report(
                        "a plan changed at one process was in force at the other after at most \(slowest.inMs) ms"
                    )

                    let late = await #expect(throws: StintError.self) {
                        try await Self.admin(of: second, place).put(
                            "v1", "plans", "free", body: seen, ifMatch: etag)
                    }
                    #expect(late?.problem?.type == .preconditionFailed)
                }
            }
        }

        @Test("Doubled until its time is over: the account has more at both processes, and then what it had")
        func doubled() async throws {
            try await RedisServer.withServer { redis in
                try await Workplace.open { place in
                    let plans = [
                        "--redis-url", redis.url, "--plans", try place.write(Self.file, to: "plans.yaml"),
                    ]
                    let first = try await place.start(plans)
                    let second = try await place.start(plans)
                    let admin = Self.admin(of: first, place)
                    for _ in 0..<2 { #expect(try await first.client.admit(account: "acme").status == 201) }
                    #expect(try await first.client.admit(account: "acme").status == 429)

                    let end = wallClockMs() + 3_000
                    let body = OverrideBody(amounts: ["executions": 4], expiresAt: end)
                    #expect(
                        try await admin.put("v1", "accounts", "acme", "override", body: body).status == 201)
                    #expect(try await first.client.admit(account: "acme").status == 201)
                    #expect(try await Self.amounts(first, "other") == [2])
                    try await eventually("the other process follows") {
                        try await Self.amounts(second, "acme") == [4]
                    }
                    for stint in [first, second] {
                        try await eventually("it is over") { try await Self.amounts(stint, "acme") == [2] }
                    }
                    #expect(wallClockMs() >= end - 50)
                    report("an override ended \(wallClockMs() - end) ms after its time")
                    try await eventually("it is removed, and in the log") {
                        let log: ChangesBody = try await admin.get("v1", "audit").decoded()
                        return log.changes.first?.what == "expired override acme"
                    }
                    #expect(
                        try await first.client.admit(account: "acme").status == 429,
                        "three are charged, two allowed")
                }
            }
        }

        @Test(
            "Plans survive SIGKILL of Stint and of its Redis; the file does not undo what was changed since")
        func restart() async throws {
            try await Workplace.open { place in
                let plans = ["--plans", try place.write(Self.file, to: "plans.yaml")]
                let first = try await place.start(plans)
                let admin = Self.admin(of: first, place)
                let pro: PlanBody = try await admin.get("v1", "plans", "pro").decoded()
                _ = try await admin.put("v1", "plans", "pro", body: Self.changed(pro, executions: 77))
                _ = try await admin.put("v1", "accounts", "acme", "override", body: OverrideBody(plan: "pro"))
                _ = try await admin.put("v1", "default-plan", body: DefaultPlanBody(plan: "pro"))
                // What everysec may lose.
                try await eventually("it is on the disk") {
                    try place.redis("INFO", "persistence").contains("aof_pending_bio_fsync:0")
                }
                try place.redis("BGREWRITEAOF")
                try await eventually("it is on the disk") {
                    try place.redis("INFO", "persistence").contains("aof_rewrite_in_progress:0")
                }
                kill(try place.redisPid(), SIGKILL)
                first.child.send(SIGKILL)
                _ = try await first.ending()

                let second = try await place.start(plans)
                #expect(try await Self.amounts(second, "acme") == [77])
                #expect(try await Self.amounts(second, "anybody") == [77])
                #expect(second.log.contains("plan file was imported already"))
                let list: PlanListBody = try await Self.admin(of: second, place).get("v1", "plans").decoded()
                #expect(list.default == "pro" && list.plans.map(\.name) == ["free", "pro"])
            }
        }

        @Test("Whatever stands in Redis, every account keeps its limits, and the log says what is wrong")
        func broken() async throws {
            try await Workplace.open { place in
                let stint = try await place.start(["--plans", try place.write(Self.file, to: "plans.yaml")])
                _ = try await Self.admin(of: stint, place).put(
                    "v1", "accounts", "acme", "override", body: OverrideBody(plan: "pro"))
                for (field, value) in [("plan pro", "5 {"), ("plan free", "x"), ("default", "gone")] {
                    try place.redis("HSET", "stint:{plans}:book", field, value)
                    try place.redis("HINCRBY", "stint:{plans}:book", "revision", "1")
                    try await eventually("it is said") {
                        stint.log.contains(
                            field == "default" ? "the default plan 'gone' is missing" : "\(field): ")
                    }
                    #expect(try await Self.amounts(stint, "acme") == [50])
                    #expect(try await Self.amounts(stint, "other") == [2])
                }
                try place.redis("DEL", "stint:{plans}:book", "stint:{plans}:accounts")
                try await eventually("they are written back") {
                    stint.log.contains("the plans in force were written back")
                }
                #expect(try await Self.amounts(stint, "acme") == [50])
                #expect(try await Self.amounts(stint, "other") == [2])
            }
        }

        @Test("The command line: list, show, put, delete, default, check and set-plan")
        func commandLine() async throws {
            try await Stint.serving(plans: Self.file) { stint, place in
                let admin = ["--admin", "http://127.0.0.1:\(stint.adminPort)"]
                func run(_ words: String...) async throws -> (code: Int32, output: String) {
                    let (ending, output) = try await place.run(words + (words.contains("check") ? [] : admin))
                    guard case .exited(let code) = ending else { throw Unexpected("\(words): \(output)") }
                    return (code, output)
                }
                let list = try await run("plan", "list")
                #expect(
                    list.code == 0 && list.output.contains("free (default)  2 executions/60 s   function"))
                report("stint plan list:\n\(list.output)")

                let json = try await run("plan", "show", "pro", "--format", "json")
                let copy = json.output.replacing("\"amount\":50", with: "\"amount\":60")
                    .replacing("\"name\":\"pro\"", with: "\"name\":\"gold\"")
                let file = try place.write(copy, to: "gold.json")
                #expect(try await run("plan", "check", file).output == "\(file): valid: gold\n")
                #expect(try await run("plan", "put", file).output.hasPrefix("plan gold: created, revision "))
                #expect(try await run("plan", "put", file).output.hasPrefix("plan gold: changed, revision "))
                let show = try await run("plan", "show", "gold")
                #expect(show.output.contains("executions  executions      60      60000     60"))

                let bad = try place.write(copy.replacing("60000", with: "6"), to: "bad.json")
                let check = try await run("plan", "check", bad)
                #expect(
                    check.code == 1 && check.output.contains("windowMs: must be 1000 to 2678400000, not 6"))
                #expect(try await run("plan", "put", bad).code == 1)

                let set = try await run(
                    "account", "set-plan", "acme", "--plan", "gold", "--amount", "executions=120", "--for",
                    "3d")
                #expect(
                    set.code == 0 && set.output.hasPrefix("account acme: plan gold, executions 120, until "))
                #expect(try await Self.amounts(stint, "acme") == [120])
                let used = try await run("plan", "delete", "gold")
                #expect(used.code == 1 && used.output.contains("Plan In Use: 1 account has this plan"))
                let unknown = try await run("account", "set-plan", "acme", "--amount", "runs=1")
                #expect(
                    unknown.code == 1
                        && unknown.output.contains("amounts.runs: unknown limit; the plan 'free' has"))
                #expect(try await run("account", "set-plan", "acme", "--remove").code == 0)
                #expect(try await Self.amounts(stint, "acme") == [2])
                #expect(try await run("plan", "default", "gold").code == 0)
                #expect(try await Self.amounts(stint, "acme") == [60])
                #expect(try await run("plan", "delete", "free").output == "plan free: deleted\n")
                #expect(try await run("plan", "show", "free").code == 1)

                let nobody = try await place.run(["plan", "list", "--admin", "http://127.0.0.1:1"])
                #expect(
                    nobody.ending == .exited(1) && nobody.output.contains("no answer from http://127.0.0.1:1")
                )
                let log: ChangesBody = try await Self.admin(of: stint, place).get("v1", "audit").decoded()
                #expect(
                    log.changes.map(\.what).prefix(3) == [
                        "delete plan free", "set default", "delete override acme",
                    ])
                #expect(log.changes[0].who == NSUserName())
            }
        }

        /// What is asked, one after the other, and the status, problem type and field of the reply.
        static let asks: [(ask: String, body: String?, header: (String, String)?, message: String)] = {
            let good = #"{"limits":[{"name":"a","meter":"executions","amount":1,"windowMs":1000}]}"#
            let override = "/v1/accounts/acme/override"
            let absent = ("If-None-Match", "*")
            return [
                ("GET /v1/plans/none", nil, nil, "404 notFound"),
                ("GET /v1/plans?x=1", nil, nil, "400 malformedParameter"),
                ("PUT /v1/plans/a", good, ("If-Match", "*"), "412 preconditionFailed"),
                ("PUT /v1/plans/a", good, absent, "201"),
                ("PUT /v1/plans/a", good, absent, "412 preconditionFailed"),
                ("PUT /v1/plans/a", good, nil, "200"),
                ("PUT /v1/plans/a%20b", good, nil, "422 invalidPlan name"),
                ("PUT /v1/plans/a", "{limits: []}", nil, "400 malformedJSON"),
                (
                    "PUT /v1/plans/a", good.replacing("1000", with: "1"), nil,
                    "422 invalidPlan limits[0].windowMs"
                ),
                ("PUT /v1/plans/a", good + String(repeating: " ", count: 65_536), nil, "413 bodyTooLarge"),
                ("DELETE /v1/plans/free", nil, nil, "409 planInUse"),
                ("DELETE /v1/plans/a", nil, ("If-Match", "\"7\""), "412 preconditionFailed"),
                ("DELETE /v1/plans/a", nil, nil, "204"),
                ("DELETE /v1/plans/a", nil, nil, "404 notFound"),
                ("PUT /v1/default-plan", #"{"plan":"none"}"#, nil, "422 invalidPlan plan"),
                ("PUT /v1/default-plan", "{}", nil, "400 malformedField plan"),
                ("GET /v1/audit?limit=0", nil, nil, "400 malformedParameter"),
                ("GET /v1/audit?before=x", nil, nil, "400 malformedParameter"),
                ("GET /v1/accounts/a%20b/override", nil, nil, "400 malformedAccount"),
                ("GET " + override, nil, nil, "404 notFound"),
                ("DELETE " + override, nil, nil, "404 notFound"),
                ("PUT " + override, "{}", nil, "422 invalidPlan plan"),
                ("PUT " + override, #"{"plan":"none"}"#, nil, "422 invalidPlan plan"),
                ("PUT " + override, #"{"amounts":{"x":1}}"#, nil, "422 invalidPlan amounts.x"),
                ("PUT " + override, #"{"plan":"pro","expiresAt":5}"#, nil, "422 invalidPlan expiresAt"),
                ("PUT " + override, #"{"plan":"pro"}"#, nil, "201"),
                ("GET " + override, nil, nil, "200"),
            ]
        }()

        @Test("The routes of plans say what is wrong: status, type and field")
        func refusals() async throws {
            try await Stint.serving(plans: Self.file) { stint, place in
                let admin = Self.admin(of: stint, place)
                for (ask, body, header, message) in Self.asks {
                    let words = ask.split(separator: " ").map(String.init)
                    var received: String
                    do {
                        let reply = try await admin.send(
                            HTTPMethod(rawValue: words[0]), words[1], body: body.map { Array($0.utf8) },
                            headers: HTTPHeaders(header.map { [$0] } ?? []))
                        received = "\(reply.status)"
                    } catch StintError.rejected(let problem) {
                        received =
                            "\(problem.type.status) \(problem.type)" + (problem.field.map { " \($0)" } ?? "")
                    }
                    #expect(received == message, "\(ask) \((body ?? "").prefix(100))")
                }
            }
            try await Stint.serving(["--ledger", "memory"]) { stint, _ in
                let reply = try await stint.admin("/v1/plans")
                #expect(reply.status == 501)
            }
        }
    }
}
