// The runner under a burst and under faults: the runner is killed, Stint is killed, Stint is
// unreachable, no place is free.

import AdminClient
import Foundation
import Glibc
import NIOHTTP1
import StintClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Functions on bad days")
    struct FunctionRunnerFaultTests {
        typealias Rows = FunctionRunnerTests

        @Test(
            "A burst over the limit: as many run as fit, the rest gets Stint's own 429, and its wait is exact"
        )
        func burst() async throws {
            let plans = Rows.plans.replacing(
                "amount: 1000, windowMs: 60000", with: "amount: 10, windowMs: 6000")
            try await Stint.serving(plans: plans) { stint, place in
                try await FunctionRunner.serving(stint, place, ["--workers", "4", "--queue", "100"]) {
                    runner in
                    let replies = try await withThrowingTaskGroup(of: FunctionRunner.Reply.self) { group in
                        for _ in 0..<25 { group.addTask { try await runner.call("fast") } }
                        return try await group.reduce(into: []) { $0.append($1) }
                    }
                    let denied = replies.filter { $0.status == 429 }
                    #expect(denied.count == 15 && replies.count { $0.status == 200 } == 10)
                    for reply in denied {
                        let problem = try Problem(json: Array(reply.body.utf8))
                        #expect(problem.type == .quotaExceeded && problem.violatedPolicies == ["executions"])
                        let waitMs = try #require(problem.retryAfterMs)
                        #expect(reply.retryAfter == (waitMs + 999) / 1_000)
                        #expect(reply.headers["RateLimit"].first?.contains("r=0") == true)
                        #expect(reply.headers["Content-Type"] == ["application/problem+json"])
                    }
                    let last = try await runner.call("fast")
                    let waitMs = try #require(last["retryAfterMs"] as? Int)
                    try await Task.sleep(for: .milliseconds(waitMs))
                    #expect(try await runner.call("fast").status == 200)
                    report("25 calls against 10 executions: 10 ran, 15 were denied, again after \(waitMs) ms")
                }
            }
        }

        @Test("kill -9 of the runner: its workers go with it, the grant stays charged, and the hold expires")
        func runnerKilled() async throws {
            // A hold expires 30 s after its deadline, and not before its charge has left every
            // window.
            let plans = Rows.plans.replacing("windowMs: 60000", with: "windowMs: 20000")
            try await Stint.serving(plans: plans) { stint, place in
                let pidFile = "\(try place.open)/pid"
                let text = """
                    exports.main = () => {
                        require("fs").writeFileSync(process.env.PID_FILE, `${process.pid}\\n`);
                        for (;;);
                    }
                    """
                let folder = try place.functions(["spin": text], environment: ["PID_FILE": pidFile])
                let admin = AdminClient(url: "http://127.0.0.1:\(stint.adminPort)")
                func account() async throws -> AccountBody {
                    try await admin.get("v1", "accounts", "acme").decoded()
                }
                try await FunctionRunner.serving(stint, place, folder: folder) { runner in
                    // Nobody answers it any more.
                    async let call: FunctionRunner.Reply? = try? runner.call("spin")
                    try await eventually("the function runs", within: Workplace.timeout) {
                        contents(of: pidFile).hasSuffix("\n")
                    }
                    runner.child.send(SIGKILL)
                    _ = await call
                }
                let worker = try #require(Int32(contents(of: pidFile).dropLast()))
                try await eventually("the worker is gone") { !Self.isAlive(worker) }
                let held = try #require(try await account().holds.items.first)
                #expect(held.function == "spin" && held.grantedMs == 3_000)

                try await FunctionRunner.serving(stint, place) { runner in
                    #expect(try await runner.call("fast").status == 200)
                    let fast = try await Rows.rows(1, stint, place)[0]
                    let usedMs = try await stint.client.used(of: "execution-time", by: "acme")
                    #expect(usedMs == 3_000 + fast.durationMs)
                    #expect(try await account().holds.count == 1)
                    let waitMs = held.deadline + 30_000 - wallClockMs()
                    try await Task.sleep(for: .milliseconds(max(0, waitMs)))
                    let expired = try await Rows.rows(2, stint, place)[0]
                    #expect(expired.id == held.id && expired.outcome == "expired")
                    #expect(expired.durationMs == 3_000)
                    #expect(try await account().holds.count == 0)
                    #expect(try await stint.client.used(of: "execution-time", by: "acme") == 0)
                }
                report("kill -9 of the runner: 3000 ms stayed charged for the window, then the hold expired")
            }
        }

        static func isAlive(_ pid: Int32) -> Bool {
            let status = FileManager.default.contents(atPath: "/proc/\(pid)/stat").map {
                String(decoding: $0, as: UTF8.self)
            }
            // Its parent may be slow to notice that it has ended.
            return status.map { !$0.contains(") Z ") } ?? false
        }

        @Test("kill -9 of Stint while a function runs: the function ends, and is settled when Stint is back")
        func stintKilled() async throws {
            try await Workplace.open { place in
                let arguments = [
                    "--plans", try place.write(Rows.plans, to: "plans.yaml"),
                    "--runner-address", "127.0.0.1:\(try freePort())",
                    "--admin-address", "127.0.0.1:\(try freePort())",
                ]
                let first = try await place.start(arguments)
                try await FunctionRunner.serving(first, place) { runner in
                    async let call = runner.call("slow", "&ms=1000")
                    try await eventually("the function is admitted", within: Workplace.timeout) {
                        try await first.client.used(of: "execution-time", by: "acme") == 3_000
                    }
                    first.child.send(SIGKILL)
                    _ = try await first.ending()
                    let reply = try await call
                    #expect(reply.status == 200 && reply["waitedMs"] as? Int == 1_000, "\(reply)")
                    #expect(try await runner.unsettled == 1)
                    #expect(try await runner.call("fast").status == 503)

                    let second = try await place.start(arguments)
                    let rows = try await Rows.rows(1, second, place)
                    #expect(rows[0].id == reply.executionID && rows[0].outcome == "ok")
                    #expect(rows[0].durationMs >= 1_000 && rows[0].durationMs < 3_000, "\(rows[0])")
                    let used = try await second.client.used(of: "execution-time", by: "acme")
                    #expect(used == rows[0].durationMs)
                    try await eventually("nothing is unsettled") { try await runner.unsettled == 0 }
                    #expect(try await runner.call("fast").status == 200)
                    report("kill -9 of Stint: the function answered, and was settled later with \(used) ms")
                }
            }
        }

        @Test("Nobody to ask: 503 with Retry-After, or uncounted; and all is counted when Stint is there")
        func nobody() async throws {
            try await Workplace.open { place in
                let (runnerPort, adminPort) = (try freePort(), try freePort())
                let addresses = [
                    "--stint", "http://127.0.0.1:\(runnerPort)", "--admin", "http://127.0.0.1:\(adminPort)",
                ]
                try await FunctionRunner.serving(place, addresses) { strict in
                    let reply = try await strict.call("fast")
                    #expect(reply.status == 503 && reply.retryAfter == 1, "\(reply)")
                    let type = "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"
                    #expect(reply["type"] as? String == type)
                    #expect(strict.log.contains("yet, retrying: "))

                    let policy = ["--when-unavailable", "admit"]
                    try await FunctionRunner.serving(place, addresses + policy) { lenient in
                        let reply = try await lenient.call("fast")
                        #expect(reply.status == 200, "\(reply)")
                        #expect(reply.body.contains(#""executionsRemaining":null"#))
                        #expect(try await lenient.ask("/_status")["uncounted"] as? Int == 1)

                        let stint = try await place.start([
                            "--plans", try place.write(Rows.plans, to: "plans.yaml"),
                            "--runner-address", "127.0.0.1:\(runnerPort)",
                            "--admin-address", "127.0.0.1:\(adminPort)",
                        ])
                        for runner in [strict, lenient] {
                            try await eventually("calls are counted again", within: Workplace.timeout) {
                                let reply = try await runner.call("fast")
                                return reply.status == 200 && reply.body.contains(#"Remaining":9"#)
                            }
                        }
                        try await eventually("the folder is registered", within: Workplace.timeout) {
                            try await stint.admin("/v1/accounts/acme/resources").body.contains(#""used":10"#)
                        }
                        try await eventually("nothing is unsettled", within: Workplace.timeout) {
                            try await lenient.unsettled == 0
                        }
                    }
                }
            }
        }

        @Test("All workers busy: 503, and nothing is charged; SIGTERM lets what runs end")
        func busy() async throws {
            try await Stint.serving(plans: Rows.plans) { stint, place in
                try await FunctionRunner.serving(stint, place, ["--workers", "1", "--queue", "0"]) { runner in
                    async let call = runner.call("slow", "&ms=800")
                    try await eventually("the function runs", within: Workplace.timeout) {
                        try await stint.client.used(of: "executions", by: "acme") == 1
                    }
                    let refused = try await runner.call("fast")
                    #expect(refused.status == 503 && refused.retryAfter == 1)
                    #expect(refused["title"] as? String == "Busy")
                    runner.child.send(SIGTERM)
                    #expect(try await call.status == 200)
                    try await eventually("it has stopped", within: Workplace.timeout) {
                        !runner.child.isRunning
                    }
                    let rows = try await Rows.rows(1, stint, place)
                    #expect(rows[0].outcome == "ok" && rows[0].durationMs >= 800)
                }
            }
        }

        @Test("A folder that the quota has no place for is not served, and the runner says what to type")
        func overQuota() async throws {
            let few = Rows.plans.replacing("endpoints: 30", with: "endpoints: 3")
            try await Stint.serving(plans: few) { stint, place in
                let refusal = await #expect(throws: Unexpected.self) {
                    try await FunctionRunner.serving(stint, place) { _ in }
                }
                let message = refusal?.description ?? ""
                #expect(message.contains("acme: the quota has no room for endpoint"), "\(message)")
                #expect(message.contains("Type: stint resources list acme endpoints"), "\(message)")
            }
        }

        static let broken: [(text: String, says: String)] = [
            ("{", "serverless.json: "),
            (#"{"runtime":"nodejs18.x","version":"1.0"}"#, "endpoints: missing"),
            (#"{"runtime":"nodejs99.x","version":"1.0"}"#, "runtime: needs Node 99"),
            (#"{"runtime":"nodejs18.x","version":"1.0","endpoint":{}}"#, "unknown field endpoint"),
            (
                #"{"runtime":"nodejs18.x","version":"1.0","endpoints":{"a":{"file":"folder"}}}"#,
                #"endpoints["a"].file: folder is not a file"#
            ),
            (
                #"{"runtime":"nodejs18.x","version":"1.0","endpoints":{"a":{"file":"\u001b[2J\u202e\nx"}}}"#,
                #"endpoints["a"].file: \u001B[2J\u202E"# + "\n    x: missing"
            ),
            (
                #"{"runtime":"nodejs18.x","version":"1.0","endpoints":{"a":{"file":"../a.js"}}}"#,
                #"endpoints["a"].file: ../a.js is not in the folder"#
            ),
            (
                #"{"runtime":"nodejs18.x","version":"1.0","endpoints":{"a":{"file":"a.js","method":"BREW"}}}"#,
                #"endpoints["a"].method: "BREW": must be one of GET"#
            ),
            (
                #"{"runtime":"nodejs18.x","version":"1.0","secrets":["GONE"],"endpoints":{"a":{"file":"a.js"}}}"#,
                "secrets: GONE has no value. Add it to the file that --secrets names"
            ),
        ]

        @Test("A folder that cannot be is refused with its place", arguments: broken)
        func brokenFolder(_ folder: (text: String, says: String)) async throws {
            try await Workplace.open { place in
                let path = try place.functions(["a": "exports.main = () => {}"])
                _ = try place.write("exports.main = () => {}", to: "a.js")
                #expect(mkdir("\(path)/folder", 0o755) == 0)
                try folder.text.write(
                    toFile: "\(path)/serverless.json", atomically: false, encoding: .utf8)
                let refusal = await #expect(throws: Unexpected.self) {
                    try await FunctionRunner.serving(place, folder: path, []) { _ in }
                }
                #expect(refusal?.description.contains(folder.says) == true, "\(refusal?.description ?? "")")
            }
        }

        @Test("101 endpoints are too many")
        func tooManyEndpoints() async throws {
            try await Workplace.open { place in
                let text = "exports.main = () => {}"
                let path = try place.functions(
                    Dictionary(uniqueKeysWithValues: (0...100).map { ("f\($0)", text) }))
                let refusal = await #expect(throws: Unexpected.self) {
                    try await FunctionRunner.serving(place, folder: path, []) { _ in }
                }
                #expect(refusal?.description.contains("endpoints: 101 are more than 100") == true)
            }
        }
    }
}
