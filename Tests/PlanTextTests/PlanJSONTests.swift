// Plans and overrides in JSON, as the admin API accepts them and Redis keeps them: what is written
// is read back equal, and an invalid one is refused with its field.

import Accounting
import SeededChance
import Testing
import WireFormat

@testable import PlanText

@Suite("Plans in JSON")
struct PlanJSONTests {
    static let limit = #"{"name":"a","meter":"executions","amount":1,"windowMs":1000}"#

    static func plan(_ limit: String = limit, rest: String = "") -> String {
        "{\"limits\":[\(limit)]\(rest)}"
    }

    @Test("Any plan comes back from its JSON, and its JSON is the same again", arguments: 0..<8)
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let plan = try Self.randomPlan(&random)
            let text = try PlanBody(plan).text
            let read = try PlanFile.plan(json: text, named: plan.name)
            #expect(read.name == plan.name && read.limits == plan.limits && read.kinds == plan.kinds)
            #expect(read.minimumGrantMs == plan.minimumGrantMs && read.resources == plan.resources)
            #expect(read.whenUnavailable == plan.whenUnavailable)
            #expect(try PlanBody(read).text == text)
            #expect(try PlanFile.plans(text, named: "one plan").map { try PlanBody($0).text } == [text])

            let limits = plan.limits.prefix(Int.random(in: 0...2, using: &random))
            let override = AccountOverride(
                plan: limits.isEmpty ? plan.name : nil,
                amounts: Dictionary(uniqueKeysWithValues: limits.map { ($0.name, $0.amount) }),
                expiresAt: Bool.random(using: &random)
                    ? Timestamp(ms: .random(in: 0...1 << 43, using: &random)) : nil)
            #expect(try PlanFile.override(json: OverrideBody(override).text) == override)
            #expect(OverrideBody(override).override == override)
        }
    }

    static func randomPlan(_ random: inout SeededGenerator) throws -> Plan {
        func name() -> String {
            let letters = Array("abcXYZ019._-")
            return String(
                (0..<Int.random(in: 1...12, using: &random)).map { _ in letters.randomElement(using: &random)!
                })
        }
        func maybe(_ bound: ClosedRange<Int>) -> Int? {
            Bool.random(using: &random) ? Int.random(in: bound, using: &random) : nil
        }
        let names = Set((0..<Int.random(in: 1...4, using: &random)).map { _ in name() })
        let limits = try names.sorted().map { name in
            let meter = Bool.random(using: &random) ? Meter.executions : .executionTime
            return try Limit(
                name: name, meter: meter,
                amount: .random(
                    in: meter == .executions ? Bounds.executions : Bounds.executionMs, using: &random),
                windowMs: .random(in: Bounds.windowMs, using: &random),
                cells: .random(in: Bounds.cells, using: &random))
        }
        var kinds: [String: Ceiling]?
        if Bool.random(using: &random) {
            kinds = [:]
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                kinds?[name()] = try Ceiling(
                    maxDurationMs: maybe(1...Bounds.durationMs.upperBound), memoryBytes: maybe(Bounds.bytes),
                    payloadBytes: maybe(Bounds.bytes))
            }
        }
        var resources: [String: Int] = [:]
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            resources[name()] = .random(in: Bounds.resourceQuota, using: &random)
        }
        return try Plan(
            name: name(), limits: limits, kinds: kinds,
            minimumGrantMs: .random(in: 1...10_000, using: &random),
            resources: resources,
            whenUnavailable: [.deny, .admit, .admitShare(percent: 10)].randomElement(using: &random) ?? .deny)
    }

    /// Bodies of one plan called `p`, the field at fault, and the reason.
    static let refusals: [(json: String, field: String, reason: String)] = [
        ("{}", "limits", "limits: is missing"),
        ("[]", "", "must be a mapping, such as {key: value}"),
        (#"{"limits":5}"#, "limits", "must be a list, such as [first, second]"),
        (#"{"limits":[]}"#, "limits", "limits: must hold 1 to 32 limits, not 0"),
        (
            plan(rest: #","color":1"#), "color",
            "unknown key 'color'; known: name, limits, kinds, minimumGrantMs, resources, whenUnavailable"
        ),
        (plan(rest: #","name":"q""#), "name", "name: must be 'p' or left out, not 'q'"),
        (plan(rest: #","name":5"#), "name", "must be a string"),
        (
            plan(#"{"name":5,"meter":"executions","amount":1,"windowMs":1000}"#), "limits[0].name",
            "must be a string"
        ),
        (
            plan(#"{"name":"a","meter":"hours","amount":1,"windowMs":1000}"#), "limits[0].meter",
            "meter: must be one of executions, execution-time, not 'hours'"
        ),
        (plan(#"{"name":"a","amount":1,"windowMs":1000}"#), "limits[0].meter", "meter: is missing"),
        (
            plan(#"{"name":"a","meter":"executions","windowMs":1000}"#), "limits[0].amount",
            "amount: is missing"
        ),
        (
            plan(#"{"name":"a","meter":"executions","amount":-1,"windowMs":1000}"#), "limits[0].amount",
            "amount: must be 0 to 2147483647, not -1"
        ),
        (
            plan(#"{"name":"a","meter":"executions","amount":1e3,"windowMs":1000}"#), "limits[0].amount",
            "must be a whole number, not '1e3'"
        ),
        (
            plan(#"{"name":"a","meter":"executions","amount":"1","windowMs":1000}"#), "limits[0].amount",
            "must be a whole number, not '1'"
        ),
        (
            plan(#"{"name":"a","meter":"executions","amount":null,"windowMs":1000}"#), "limits[0].amount",
            "must be a word or a number"
        ),
        (plan("\(limit),\(limit)"), "limits[1].name", "limits[1].name: duplicate limit 'a'"),
        (
            plan(rest: #","kinds":{"job":{"cpu":1}}"#), "kinds.job.cpu",
            "unknown key 'cpu'; known: maxDurationMs, memoryBytes, payloadBytes"
        ),
        (
            plan(rest: #","kinds":{"job":{"maxDurationMs":0}}"#), "kinds.job.maxDurationMs",
            "maxDurationMs: must be 1 to 2678400000, not 0"
        ),
        (
            plan(rest: #","resources":{"secrets":-1}"#), "resources.secrets",
            "resources.secrets: must be 0 to 1000000, not -1"
        ),
        (
            plan(rest: #","resources":{"a b":1}"#), "resources.a b",
            "resources.a b: must be 1 to 64 bytes of A-Z a-z 0-9 . _ -"
        ),
        (
            plan(rest: #","whenUnavailable":"maybe""#), "whenUnavailable",
            "whenUnavailable: must be deny, admit or {admit: {share: 1 to 100}}, not 'maybe'"
        ),
        (
            plan(rest: #","minimumGrantMs":1,"minimumGrantMs":2"#), "",
            "duplicate key: minimumGrantMs"
        ),
    ]

    @Test("A bad plan is refused with its field and the reason", arguments: refusals)
    func refused(json: String, field: String, reason: String) throws {
        let error = try #require(throws: YAMLError.self) { try PlanFile.plan(json: json, named: "p") }
        #expect(error.field == field)
        #expect(error.reason == reason)
        #expect(error.line == 1)
    }

    static let notJSON = [
        "", "limits: []", "{limits: []}", plan() + " # comment", plan().replacing("\"", with: "'"),
        plan() + "\n---\n{}",
        #"{"limits":[{"name":"a","meter":"executions","amount":01,"windowMs":1000}]}"#,
        #"{"limits":[{"name":"a","meter":"executions","amount":1,"windowMs":1000},]}"#,
        #"{"limits":[{"name":"a","meter":"executions","amount":+1,"windowMs":1000}]}"#,
        #"{"limits": &x [], "kinds": *x}"#, "\u{FEFF}" + plan(),
    ]

    @Test("What YAML takes and JSON does not is refused", arguments: notJSON)
    func strict(json: String) {
        #expect(throws: JSONError.self) { try PlanFile.plan(json: json, named: "p") }
    }

    static let oddJSON = [
        "\t\r\n" + plan() + "\n", plan().replacing(":", with: "\t:\n\t"),
        #"{"limits":[{"n\u0061me":"\u0061","meter":"executions","amount":1,"windowMs":1000}]}"#,
    ]

    @Test("All of JSON is taken", arguments: oddJSON)
    func odd(json: String) throws {
        #expect(try PlanFile.plan(json: json, named: "p").limits.map(\.name) == ["a"])
    }

    static let badOverrides: [(json: String, field: String, reason: String)] = [
        (#"{"plans":"a"}"#, "plans", "unknown key 'plans'; known: plan, amounts, expiresAt"),
        (#"{"plan":7}"#, "plan", "must be a string"),
        (#"{"plan":null}"#, "plan", "must be a word or a number"),
        (#"{"amounts":[]}"#, "amounts", "must be a mapping, such as {key: value}"),
        (#"{"amounts":{"executions":"many"}}"#, "amounts.executions", "must be a whole number, not 'many'"),
        (#"{"expiresAt":-1}"#, "expiresAt", "expiresAt: must be 0 to 8796093022208 (ms since 1970), not -1"),
    ]

    @Test("A bad override is refused with its field and the reason", arguments: badOverrides)
    func refusedOverride(json: String, field: String, reason: String) throws {
        let error = try #require(throws: YAMLError.self) { try PlanFile.override(json: json) }
        #expect(error.field == field)
        #expect(error.reason == reason)
    }
}
