// Real functions in real processes under a real quota: what callers see of the runner, and what
// Stint's log has of each run.

import AdminClient
import AsyncHTTPClient
import Foundation
import NIOHTTP1
import StintClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Functions")
    struct FunctionRunnerTests {
        static let plans = """
            default: small
            plans:
              small:
                limits:
                  - {name: executions, meter: executions, amount: 1000, windowMs: 60000}
                  - {name: execution-time, meter: execution-time, amount: 600000, windowMs: 60000}
                kinds:
                  function: {maxDurationMs: 3000, memoryBytes: 67108864, payloadBytes: 6291456}
                  workflow-action: {maxDurationMs: 4000, memoryBytes: 67108864, payloadBytes: 1000}
                resources: {secrets: 2, endpoints: 30}
            """

        /// What the log says of `acme`'s executions, once as many as that are settled.
        static func rows(_ count: Int, _ stint: Stint, _ place: Workplace) async throws
            -> [ExecutionsBody.Execution]
        {
            let admin = AdminClient(url: "http://127.0.0.1:\(stint.adminPort)")
            var rows: [ExecutionsBody.Execution] = []
            try await eventually("\(count) executions are settled", within: Workplace.timeout) {
                let body: ExecutionsBody = try await admin.get("v1", "accounts", "acme", "executions")
                    .decoded()
                rows = body.executions
                return rows.count >= count
            }
            #expect(rows.count == count)
            return rows
        }

        @Test("Functions see their context, and what they respond arrives; the folder is registered")
        func context() async throws {
            try await Stint.serving(plans: Self.plans) { stint, place in
                try await FunctionRunner.serving(stint, place) { runner in
                    let echoed = try await runner.call(
                        "echo", "&a=1&a=2", json: #"{"order":[1]}"#, headers: ["X-Contact": #"{"vid":7}"#])
                    #expect(echoed.status == 200, "\(echoed)")
                    let expected = [
                        #""accountId":"acme""#, #""body":{"order":[1]}"#, #""contact":{"vid":7}"#,
                        #""endpoint":"echo""#, #""greeting":"Good day""#, #""method":"POST""#,
                        #""limits":{"executionsRemaining":999,"timeRemaining":597000}"#,
                        #""params":{"portalid":["acme"],"a":["1","2"]}"#,
                    ]
                    for part in expected { #expect(echoed.body.contains(part), "\(part) in \(echoed.body)") }
                    let plain = try await runner.call("echo", method: .HEAD)
                    #expect(plain.status == 200 && plain.body.isEmpty)
                    #expect(plain.headers.first(name: "Content-Length") != "0")
                    let greeted = try await runner.call("fast")
                    #expect(greeted["greeting"] as? String == "Hello, acme")

                    let login = try await runner.call("orders/login", json: #"{"user":"ann"}"#)
                    #expect(login.status == 302 && login.headers["Location"] == ["/orders"])
                    let cookies = login.headers["Set-Cookie"]
                    #expect(cookies.count == 2 && cookies[0] == "user=ann", "\(cookies)")
                    #expect(cookies[1].contains(/^session=[0-9a-f]{16}; HttpOnly$/), "\(cookies)")

                    let sum = try await runner.ask(
                        "/_workflow/actions/add?portalid=acme", .POST,
                        headers: ["Content-Type": "application/json"],
                        body: Array(#"{"inputFields":{"first":2,"second":40}}"#.utf8))
                    #expect(sum.status == 200 && sum.body == #"{"outputFields":{"sum":42}}"#)
                    let rows = try await Self.rows(5, stint, place)
                    #expect(rows[0].kind == "workflow-action" && rows[0].grantedMs == 4_000)
                    #expect(rows[0].function == "actions/add" && rows[4].function == "echo")
                    #expect(rows.allSatisfy { $0.outcome == "ok" && $0.durationMs > 0 })
                    #expect(rows.allSatisfy { ($0.memoryBytes ?? 0) > 10_000_000 }, "\(rows)")
                    let uses = try await stint.admin("/v1/accounts/acme/resources").body
                    #expect(uses.contains(#"{"kind":"endpoints","quota":30,"used":10}"#), "\(uses)")
                    #expect(uses.contains(#"{"kind":"secrets","quota":2,"used":1}"#), "\(uses)")
                }
            }
        }

        @Test("A call that functions do not take is refused before anything is charged")
        func refusals() async throws {
            try await Stint.serving(plans: Self.plans) { stint, place in
                try await FunctionRunner.serving(stint, place) { runner in
                    let json: HTTPHeaders = ["Content-Type": "application/json"]
                    let text: HTTPHeaders = ["Content-Type": "text/plain"]
                    let tooMuch = [UInt8](repeating: UInt8(ascii: " "), count: 6 << 20) + Array("{}".utf8)
                    func expect(
                        _ status: Int, _ path: String, _ method: HTTPMethod = .GET,
                        _ headers: HTTPHeaders = [:],
                        _ body: [UInt8]? = nil, sourceLocation: SourceLocation = #_sourceLocation
                    ) async throws {
                        let reply = try await runner.ask(path, method, headers: headers, body: body)
                        #expect(reply.status == status, "\(path): \(reply)", sourceLocation: sourceLocation)
                        let type = reply.headers.first(name: "Content-Type")
                        #expect(type == "application/problem+json", sourceLocation: sourceLocation)
                        #expect(reply["status"] as? Int == status, sourceLocation: sourceLocation)
                    }
                    let echo = "/_hcms/api/echo?portalid=acme"
                    try await expect(404, "/")
                    try await expect(404, "/_hcms/api/gone?portalid=acme")
                    try await expect(404, "/_hcms/api/echo?portalid=other")
                    try await expect(400, "/_hcms/api/echo")
                    try await expect(405, echo, .DELETE)
                    try await expect(405, "/_workflow/actions/add?portalid=acme")
                    try await expect(415, echo, .POST, text, Array("{}".utf8))
                    try await expect(415, echo, .POST, [:], Array("{}".utf8))
                    try await expect(400, echo, .POST, json, Array("{".utf8))
                    try await expect(400, echo, .GET, ["X-Contact": "7"])
                    try await expect(
                        400, "/_workflow/actions/add?portalid=acme", .POST, json,
                        Array(#"{"inputFields":7}"#.utf8))
                    try await expect(413, echo, .POST, json, tooMuch)
                    try await expect(
                        413, "/_workflow/actions/add?portalid=acme", .POST, json, Array(tooMuch.suffix(1_001))
                    )
                    #expect(try await runner.call("echo", json: "[1]").status == 200)
                    let most = try await runner.ask(
                        echo, .POST, headers: json, body: Array(tooMuch.dropFirst(2)))
                    #expect(most.status == 200, "\(most.status)")
                    let status = try await runner.ask("/_status")
                    #expect(status["payloadBytes"] as? Int == 0 && status["running"] as? Int == 0)
                    _ = try await Self.rows(2, stint, place)
                }
            }
        }

        @Test("What fails is settled with its real duration and its outcome, and what it printed is kept")
        func failures() async throws {
            let own = [
                "silent": "exports.main = () => console.log('said nothing')",
                "exits": "exports.main = () => process.exit(7)",
                "odd": "exports.main = (context, send) => send({statusCode: 'fine'})",
                "large": "exports.main = (context, send) => send({body: 'x'.repeat(7 << 20)})",
                "chatty":
                    "exports.main = (context, send) => { for (let i = 0; i < 9999; i++) console.log('line', i); send() }",
                "hungry":
                    "exports.main = () => { const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1)) }",
                "late":
                    "exports.main = (context, send) => { send({body: 'first'}); require('fs').writeFileSync(process.env.LATE, '') }",
            ]
            let expected: [(function: String, status: Int, title: String, outcome: String)] = [
                ("silent", 500, "Function Failed", "error"), ("exits", 500, "Function Failed", "error"),
                ("odd", 500, "Bad Response", "error"), ("large", 500, "Bad Response", "error"),
                ("hungry", 500, "Out Of Memory", "error"), ("throwing", 500, "Function Failed", "error"),
                ("memory-hog", 500, "Out Of Memory", "error"), ("never-ending", 504, "Timed Out", "timeout"),
            ]
            try await Stint.serving(plans: Self.plans) { stint, place in
                let late = "\(try place.open)/late"
                let folder = try place.functions(own, environment: ["LATE": late])
                var replies: [String: FunctionRunner.Reply] = [:]
                func collect(_ runner: FunctionRunner, _ isOwn: Bool) async throws {
                    for row in expected where own.keys.contains(row.function) == isOwn {
                        let reply = try await runner.call(row.function)
                        #expect(reply.status == row.status, "\(row.function): \(reply)")
                        #expect(reply["title"] as? String == row.title, "\(row.function): \(reply)")
                        replies[row.function] = reply
                    }
                }
                try await FunctionRunner.serving(stint, place, folder: folder) { runner in
                    try await collect(runner, true)
                    let chatty = try await runner.call("chatty")
                    let log = try await runner.ask("/_logs/\(chatty.executionID)").body
                    #expect(chatty.status == 200 && log.hasPrefix("line 0\nline 1\n"))
                    #expect(log.utf8.count < 4_200 && log.hasSuffix("... (the rest was not kept)\n"))
                    #expect(try await runner.call("late").body == "first")
                    #expect(!FileManager.default.fileExists(atPath: late))
                }
                try await FunctionRunner.serving(stint, place) { runner in
                    try await collect(runner, false)
                    let thrown = try await runner.ask("/_logs/\(replies["throwing"]?.executionID ?? "")").body
                    #expect(thrown.contains("Error: the orders cannot be read"), "\(thrown)")
                }

                let rows = Dictionary(
                    uniqueKeysWithValues: try await Self.rows(10, stint, place).map { ($0.id, $0) })
                for (function, _, _, outcome) in expected {
                    let row = try #require(rows[replies[function]?.executionID ?? ""], "\(function)")
                    #expect(row.function == function && row.outcome == outcome, "\(row)")
                    if outcome == "timeout" {
                        #expect(row.durationMs >= row.grantedMs - 1 && row.durationMs < row.grantedMs + 2_000)
                    } else {
                        #expect(row.durationMs > 0 && row.durationMs < row.grantedMs, "\(row)")
                    }
                    report(
                        "\(function): \(row.outcome ?? ""), \(row.durationMs) ms, \(row.memoryBytes ?? 0) bytes"
                    )
                }
            }
        }
    }
}
