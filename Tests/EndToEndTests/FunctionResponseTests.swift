// What functions pass to sendResponse, in the platform's own examples and by mistake: it arrives
// whole, or the call fails with a reason and is settled as failed.

import Foundation
import NIOHTTP1
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("What functions respond")
    struct FunctionResponseTests {
        /// A function's text, and what its caller gets.
        struct Case: Sendable {
            let name: String
            let text: String
            var status = 200
            var headers: [String: [String]] = [:]
            /// A part of the body.
            var says = ""
        }

        private static func sending(_ name: String, _ given: String, _ status: Int = 200, says: String = "")
            -> Case
        {
            Case(
                name: name, text: "exports.main = (context, send) => send(\(given))", status: status,
                says: says)
        }

        /// What a function can write to the descriptor that its response leaves by.
        private static func writing(_ name: String, _ bytes: String, _ status: Int, says: String) -> Case {
            let text = """
                exports.main = () => {
                    const bytes = Buffer.from(\(bytes));
                    for (let sent = 0; sent < bytes.length; ) sent += require("fs").writeSync(3, bytes, sent);
                    setInterval(() => {}, 1000);
                }
                """
            return Case(name: name, text: text, status: status, says: says)
        }

        private static let deep = #""[".repeat(1.5e6) + "]".repeat(1.5e6)"#

        static let cases: [Case] = [
            Case(
                name: "platform",
                text:
                    "exports.main = (context, send) => send({body: {a: 1}, 'Set-Cookie': 'a=1', statusCode: 200})",
                headers: ["Set-Cookie": ["a=1"], "Content-Type": ["application/json"]], says: #"{"a":1}"#),
            Case(
                name: "cookies",
                text: """
                    exports.main = (context, send) => send({
                        headers: {'Set-Cookie': 'a=1', 'X-A': 1}, multiValueHeaders: {'set-cookie': ['b=2', 'a=1'], 'x-a': ['2']},
                    })
                    """,
                headers: ["Set-Cookie": ["a=1", "b=2"], "X-A": ["1", "2"]]),
            sending("nothing", ""), sending("empty", "{}"), sending("null", "{body: null}", says: "null"),
            sending("text", "'text'", 500, says: "it takes an object"),
            sending("list", "[1]", 500, says: "it takes an object"),
            sending("promise", "Promise.resolve({body: 1})", 500, says: "not Promise"),
            sending("body-promise", "{body: Promise.resolve(1)}", 500, says: "body cannot be JSON: Promise"),
            sending("body-function", "{body: () => 1}", 500, says: "body cannot be JSON: Function"),
            sending("error", "new TypeError('no orders')", 500, says: "Function Failed"),
            sending("typo", "{status: 404}", 500, says: #"does not know \"status\""#),
            sending("header-text", "{headers: 'X-A: 1'}", 500, says: "headers must be an object"),
            sending("header-object", "{headers: {'X-A': {}}}", 500, says: "must be text"),
            sending("header-split", #"{headers: {'X-A': 'a\r\nX-B: b'}}"#, 500, says: "cannot be sent"),
            sending(
                "two-types",
                "{headers: {'Content-Type': 'a/b'}, multiValueHeaders: {'content-type': ['c/d']}}",
                500, says: "there can be only one"),
            sending("quotes", #"{body: '"'.repeat(6e6)}"#, says: #""""""#),
            writing(
                "deep-header",
                #"'{"members":{"headers":{"a":'+\#(deep)+'}},"contentBytes":0,"isJSON":true}\n'"#, 500,
                says: "must be text"),
            writing(
                "deep-body", #"'{"members":{},"contentBytes":3000000,"isJSON":true}\n'+\#(deep)"#, 200,
                says: "[[["),
            writing("odd-line", #"'{"response":1}\n'"#, 500, says: "not what a worker writes"),
        ]

        @Test("What is given arrives whole, or the call fails, says why and is settled as a failure")
        func responses() async throws {
            try await Stint.serving(plans: FunctionRunnerTests.plans) { stint, place in
                let texts = Dictionary(uniqueKeysWithValues: Self.cases.map { ($0.name, $0.text) })
                let folder = try place.functions(texts)
                var outcomes: [String: String] = [:]
                try await FunctionRunner.serving(stint, place, folder: folder) { runner in
                    for one in Self.cases {
                        let reply = try await runner.call(one.name)
                        #expect(
                            reply.status == one.status,
                            "\(one.name): \(reply.status) \(reply.body.prefix(500))")
                        #expect(
                            one.says.isEmpty || reply.body.contains(one.says),
                            "\(one.name): \(reply.body.prefix(500))")
                        for (name, values) in one.headers {
                            #expect(reply.headers[name] == values, "\(one.name)")
                        }
                        #expect(!reply.executionID.isEmpty)
                        outcomes[reply.executionID] = one.status == 200 ? "ok" : "error"
                    }
                    let error = try await runner.call("error")
                    outcomes[error.executionID] = "error"
                    let log = try await runner.ask("/_logs/\(error.executionID)").body
                    #expect(log.contains("TypeError: no orders"), "\(log)")
                }
                let rows = try await FunctionRunnerTests.rows(Self.cases.count + 1, stint, place)
                #expect(Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0.outcome ?? "") }) == outcomes)
                report(
                    "\(Self.cases.count) things given to sendResponse: \(outcomes.values.count { $0 == "error" }) settled as errors"
                )
            }
        }

        @Test(
            "The true execution's id is told, whatever the function calls it; an action gives output fields and nothing else"
        )
        func names() async throws {
            try await Stint.serving(plans: FunctionRunnerTests.plans) { stint, place in
                let folder = try place.functions([
                    "id":
                        "exports.main = (context, send) => send({headers: {'x-execution-id': 'mine', 'X-A': 'a'}})",
                    "action":
                        "exports.main = ({inputFields}, send) => send(inputFields.how === 'typo' ? {outputfields: {}} : {outputFields: inputFields})",
                ])
                let text = contents(of: "\(folder)/serverless.json").trimmingCharacters(
                    in: .whitespacesAndNewlines)
                try (text.dropLast() + #", "actions": {"act": {"file": "action.js"}}}"#).write(
                    toFile: "\(folder)/serverless.json", atomically: false, encoding: .utf8)
                try await FunctionRunner.serving(stint, place, folder: folder) { runner in
                    let reply = try await runner.call("id")
                    #expect(reply.headers["X-Execution-Id"].count == 1 && reply.executionID != "mine")
                    #expect(reply.headers["X-A"] == ["a"])
                    let rows = try await FunctionRunnerTests.rows(1, stint, place)
                    #expect(rows[0].id == reply.executionID)
                    let action = "/_workflow/actions/act?portalid=acme"
                    let json: HTTPHeaders = ["Content-Type": "application/json"]
                    let good = try await runner.ask(
                        action, .POST, headers: json, body: Array(#"{"inputFields":{"a":"é"}}"#.utf8))
                    #expect(good.status == 200 && good.body == #"{"outputFields":{"a":"é"}}"#, "\(good)")
                    let typo = try await runner.ask(
                        action, .POST, headers: json, body: Array(#"{"inputFields":{"how":"typo"}}"#.utf8))
                    #expect(typo.status == 500 && typo.body.contains("outputfields"), "\(typo)")
                    let bare = try await runner.ask(action, .POST)
                    #expect(bare.status == 200 && bare.body == #"{"outputFields":{}}"#, "\(bare)")
                }
            }
        }

        @Test("A call without a body needs no media type, whatever its method")
        func withoutBody() async throws {
            try await Stint.serving(plans: FunctionRunnerTests.plans) { stint, place in
                let text =
                    "exports.main = ({method, body}, send) => send({body: {method, has: body !== undefined}})"
                let folder = try place.functions(["echo": text])
                try await FunctionRunner.serving(stint, place, folder: folder) { runner in
                    for headers: HTTPHeaders in [
                        [:], ["Content-Type": "text/plain"], ["Transfer-Encoding": "chunked"],
                    ] {
                        let reply = try await runner.ask(
                            "/_hcms/api/echo?portalid=acme", .POST, headers: headers)
                        #expect(
                            reply.status == 200 && reply.body == #"{"method":"POST","has":false}"#, "\(reply)"
                        )
                    }
                }
            }
        }
    }
}
