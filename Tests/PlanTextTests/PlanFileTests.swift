// Plan files: the accepted form, and the place and reason of every error.

import Accounting
import Testing
import WireFormat

@testable import PlanText

@Suite("Plan file")
struct PlanFileTests {
    static let example = """
        default: serverless            # the plan of accounts that have none of their own
        plans:
          serverless:
            limits:
              - {name: execution-time, meter: execution-time, amount: 600000, windowMs: 60000}
              - {name: executions, meter: executions, amount: 6000, windowMs: 60000}
            kinds:
              function: {maxDurationMs: 10000, memoryBytes: 134217728, payloadBytes: 6291456}
              workflow-action: {maxDurationMs: 20000, memoryBytes: 134217728, payloadBytes: 6291456}
            minimumGrantMs: 100
            resources: {secrets: 50, endpoints: 100, webhooks: 100}
            whenUnavailable: deny
        """

    @Test("The documented file says what the built-in plan says")
    func builtIn() throws {
        let book = try PlanFile.read(Self.example, named: "plans.yaml")
        let builtIn = try PlanBook.builtIn().defaultPlan
        #expect(book.plans.count == 1)
        #expect(book.defaultPlan.name == builtIn.name)
        #expect(book.defaultPlan.limits == builtIn.limits)
        #expect(book.defaultPlan.kinds == builtIn.kinds)
        #expect(book.defaultPlan.minimumGrantMs == builtIn.minimumGrantMs)
        #expect(book.defaultPlan.resources == builtIn.resources)
        #expect(book.defaultPlan.whenUnavailable == builtIn.whenUnavailable)
    }

    @Test("What may be left out is left out, and several plans stand side by side")
    func small() throws {
        let book = try PlanFile.read(
            """
            default: tiny
            plans:
              tiny:
                limits: [{name: runs, meter: executions, amount: 5, windowMs: 1000, cells: 10}]
                whenUnavailable: admit
              other:
                limits: [{name: runs, meter: executions, amount: 6, windowMs: 1000}]
                kinds: {job: {}}
            """, named: "plans.yaml")
        #expect(book.defaultPlan.name == "tiny")
        #expect(book.defaultPlan.limits[0].window == WindowShape(lengthMs: 1_000, cells: 10))
        #expect(book.defaultPlan.kinds == nil)
        #expect(book.defaultPlan.whenUnavailable == .admit)
        #expect(book.plans["other"]?.limits[0].window.cells == 60)
        #expect(book.plans["other"]?.kinds == ["job": Ceiling.none])
    }

    @Test("While the ledger cannot answer, a plan may admit a share of every amount, rounded down")
    func share() throws {
        let book = try PlanFile.read(
            Self.file(
                limit: "{name: a, meter: executions, amount: 15, windowMs: 1000}",
                rest: "    whenUnavailable: {admit: {share: 10}}\n"), named: "plans.yaml")
        let plan = book.defaultPlan
        #expect(plan.whenUnavailable == .admitShare(percent: 10))
        #expect(plan.share?.limits.map(\.amount) == [1] && plan.share?.overUse?.executions == 1)
        #expect(plan.share?.overUse?.executionTimeMs == nil && plan.overUse == nil)
        let text = try PlanBody(plan).text
        #expect(text.contains(#""whenUnavailable":{"admit":{"share":10}}"#))
        #expect(try PlanFile.plan(json: text).whenUnavailable == plan.whenUnavailable)
    }

    /// A file with one plan whose only limit is `limit`.
    static func file(
        limit: String = "{name: a, meter: executions, amount: 1, windowMs: 1000}", rest: String = ""
    )
        -> String
    {
        "default: p\nplans:\n  p:\n    limits:\n      - \(limit)\n\(rest)"
    }

    static let refusals: [(yaml: String, reason: String)] = [
        ("", "1:1: must be a mapping, such as {key: value}"),
        ("plans: {}\n", "1:1: default: is missing"),
        ("default: p\n", "1:1: plans: is missing"),
        ("default: p\nplans: {}\n", "2:8: plans: must hold 1 to 1000 plans, not 0"),
        (
            "default: q\n" + file().dropFirst("default: p\n".count),
            "1:10: default: unknown plan 'q'; known: p"
        ),
        ("default: p\nplan: {}\n", "2:1: unknown key 'plan'; known: default, plans"),
        ("default: p\nplans:\n  p:\n", "3:3: p: is empty"),
        ("default: p\nplans:\n  p: {kinds: {}}\n", "3:6: limits: is missing"),
        ("default: p\nplans:\n  p: {limits: 5}\n", "3:15: must be a list, such as [first, second]"),
        ("default: p\nplans:\n  p: {limits: []}\n", "3:15: limits: must hold 1 to 32 limits, not 0"),
        (
            file(limit: "{name: a, meter: executions, amount: \"1\", windowMs: 1000}"),
            "5:46: must be a whole number, not '1'"
        ),
        (
            file(limit: "{name: a, meter: executions, amount: 1.5, windowMs: 1000}"),
            "5:46: must be a whole number, not '1.5'"
        ),
        (
            file(limit: "{name: a, meter: executions, amount: 1, windowMs: 999}"),
            "5:59: windowMs: must be 1000 to 2678400000, not 999"
        ),
        (
            file(limit: "{name: a, meter: executions, amount: -1, windowMs: 1000}"),
            "5:46: amount: must be 0 to 2147483647, not -1"
        ),
        (
            file(limit: "{name: a, meter: runs, amount: 1, windowMs: 1000}"),
            "5:26: meter: must be one of executions, execution-time, not 'runs'"
        ),
        (file(limit: "{name: a, amount: 1, windowMs: 1000}"), "5:9: meter: is missing"),
        (
            file(limit: "{name: a b, meter: executions, amount: 1, windowMs: 1000}"),
            "5:16: name: must be 1 to 64 bytes of A-Z a-z 0-9 . _ -"
        ),
        (
            file(limit: "{name: a, name: b, meter: executions, amount: 1, windowMs: 1000}"),
            "5:10: duplicate key: name"
        ),
        (
            file(rest: "      - {name: a, meter: executions, amount: 1, windowMs: 1000}\n"),
            "5:7: limits[1].name: duplicate limit 'a'"
        ),
        (file(rest: "  p: {}\n"), "3:3: duplicate key: p"),
        (file(rest: "    minimumGrantMs: 0\n"), "6:21: minimumGrantMs: must be 1 to 2678400000, not 0"),
        (
            file(rest: "    whenUnavailable: maybe\n"),
            "6:22: whenUnavailable: must be deny, admit or {admit: {share: 1 to 100}}, not 'maybe'"
        ),
        (
            file(rest: "    whenUnavailable: {admit: {share: 101}}\n"),
            "6:22: whenUnavailable.admit.share: must be 1 to 100, not 101"
        ),
        (
            file(rest: "    whenUnavailable: {admit: {part: 1}}\n"),
            "6:31: unknown key 'part'; known: share"
        ),
        (file(rest: "    whenUnavailable: {deny: 1}\n"), "6:23: unknown key 'deny'; known: admit"),
        (
            file(rest: "    kinds: {job: {maxDurationMs: 0}}\n"),
            "6:34: maxDurationMs: must be 1 to 2678400000, not 0"
        ),
        (
            file(rest: "    kinds: {job: {cpu: 1}}\n"),
            "6:19: unknown key 'cpu'; known: maxDurationMs, memoryBytes, payloadBytes"
        ),
        (file(rest: "    resources: {secrets: many}\n"), "6:26: must be a whole number, not 'many'"),
        (
            file(rest: "    resources: {secrets: -1}\n"),
            "6:16: resources.secrets: must be 0 to 1000000, not -1"
        ),
        ("default: [p\n", "2:1: did not find expected ',' or ']' while parsing a flow sequence"),
        ("default: \"p\n", "2:1: found unexpected end of stream while scanning a quoted scalar"),
    ]

    @Test("A bad file is refused with line, column and reason", arguments: refusals)
    func refused(yaml: String, reason: String) {
        var found = "nothing was refused"
        do {
            _ = try PlanFile.read(yaml, named: "plans.yaml")
        } catch {
            found = error.description
        }
        #expect(found == "plans.yaml:\(reason)")
    }

    @Test("A file beyond the bound is refused")
    func tooLong() {
        let yaml = Self.example + "\n#" + String(repeating: "x", count: YAMLValue.maximumBytes)
        #expect(throws: YAMLError.self) { try PlanFile.read(yaml, named: "plans.yaml") }
    }
}
