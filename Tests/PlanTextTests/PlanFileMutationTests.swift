// Plan files changed by chance or with intent: each is accepted as plans, or refused with line,
// column and reason, and takes no more time and memory than its length justifies.

import Accounting
import Foundation
import Glibc
import SeededChance
import Testing

@testable import PlanText

@Suite("Mutated plan files", .timeLimit(.minutes(5)))
struct PlanFileMutationTests {
    /// Many plans with as many limits as a plan may have, in the block style or in the flow style.
    static func large(plans: Int, isFlow: Bool) -> String {
        let names = (0..<plans).map { "plan-\($0)" }
        let limits = (0..<32).map { index in
            "{name: l\(index), meter: \(index % 2 == 0 ? "executions" : "execution-time"), "
                + "amount: \(1_000 * index), windowMs: \(1_000 + index), cells: \(1 + index)}"
        }
        guard isFlow else {
            let body = limits.map {
                "      - \($0.dropFirst().dropLast().replacing(", ", with: "\n        "))\n"
            }
            return "default: plan-0\nplans:\n"
                + names.map { "  \($0):\n    limits:\n\(body.joined())    kinds: {a: {maxDurationMs: 5}}\n" }
                .joined()
        }
        let body = "{limits: [\(limits.joined(separator: ", "))], whenUnavailable: admit, minimumGrantMs: 7}"
        return "{default: plan-0, plans: {\(names.map { "\($0): \(body)" }.joined(separator: ", "))}}"
    }

    static let files = [
        PlanFileTests.example, PlanFileTests.file(), large(plans: 1, isFlow: true),
        large(plans: 2, isFlow: false),
        PlanFileTests.example.replacing("\n", with: "\r\n"), "\u{FEFF}" + PlanFileTests.example,
    ].map { Array($0.utf8) }

    static let mutator = Mutator([
        "&a ", "*a", "<<: *a", "- ", "? ", ": ", ":", ",", "{", "}", "[", "]", "'", "\"", "#", " # ", "|\n",
        ">-\n",
        "\n", "\r", "\r\n", "\t", "  ", "---\n", "...\n", "%YAML 1.1\n", "%TAG ! x\n", "!!str ", "!!int ",
        "!x ", "!<x> ",
        "~", "null", "0x10", "1_000", ".inf", "\u{FEFF}", "\u{85}", "\u{2028}", "\0", "\u{1}", "\u{1F600}",
        "\\x41",
        "limits: []\n", "plans:", "default: p\n", "cells: 0", "windowMs", "[[[[[[[[", "{a: {a: {a: ",
        "? ? ? ",
    ])

    /// Nil when the text was read or refused as it should be.
    static func complaint(about yaml: String) -> String? {
        do {
            let plans = try PlanFile.read(yaml, named: "plans.yaml")
            return plans.plans[plans.defaultPlan.name] == nil ? "the default plan is none of the plans" : nil
        } catch {
            let lines =
                yaml.unicodeScalars.count { "\n\r\u{85}\u{2028}\u{2029}".unicodeScalars.contains($0) } + 1
            let isPlaced =
                error.description.hasPrefix("plans.yaml:\(error.line):\(error.column): ")
                && !error.reason.isEmpty
            // An end that came too early is on the line after the last one.
            return isPlaced && (1...lines + 1).contains(error.line) && error.column >= 1 ? nil : "\(error)"
        }
    }

    @Test("are plans, or are refused with line, column and reason", arguments: 0..<10)
    func mutants(seed: Int) {
        var random = SeededGenerator(seed: seed)
        var reasons: [String: Int] = [:]
        for round in 0..<Proof.times(150) {
            let file = random.pick(Self.files)
            let bytes =
                random.once(in: 6)
                ? Self.mutator.splice(file, random.pick(Self.files), using: &random)
                : Self.mutator.mutant(of: file, most: 2, using: &random)
            let yaml = String(decoding: bytes, as: UTF8.self)
            if let complaint = Self.complaint(about: yaml) {
                Issue.record("seed \(seed), round \(round): \(complaint)\n\(yaml)")
                return
            }
            let reason = Result { () throws(YAMLError) in try PlanFile.read(yaml, named: "") }.reason
            reasons[String((reason ?? "is taken").prefix(24)), default: 0] += 1
        }
        print(
            "plan files \(seed): \(Proof.times(150)), \(reasons["is taken"] ?? 0) taken, \(reasons.count) outcomes"
        )
        #expect(reasons.count > 5 && reasons["is taken"] != nil)
    }

    /// Ten lines for `base` to the tenth values.
    static func bomb(_ base: Int, isKey: Bool) -> String {
        let lines = (1...10).map { level in
            "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: base).joined(separator: ","))]"
        }
        return (["a0: &a0 x"] + lines + [isKey ? "? *a10\n: x" : "default: *a10"]).joined(separator: "\n")
    }

    /// A file whose like somebody made on purpose, and how its refusal begins.
    struct Hostile: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let yaml: String
        let refusal: String

        init(_ description: String, _ yaml: String, _ refusal: String) {
            testDescription = description
            self.yaml = yaml
            self.refusal = refusal
        }
    }

    static let hostile: [Hostile] = [
        Hostile(
            "a billion laughs", bomb(9, isKey: false), "2:10: aliases (*name) are not supported; write it out"
        ),
        Hostile(
            "a billion laughs as a key", bomb(9, isKey: true),
            "2:10: aliases (*name) are not supported; write it out"),
        Hostile("an alias after a lone CR that ends a comment", "a: &a x # b\r? *a\n: x", "2:3: aliases"),
        Hostile("an alias behind a string with #", "[ \"a # b\", &b c, *b]", "1:18: aliases"),
        Hostile("an alias of many plans", "default: p\nplans: {p: &p {limits: []}, q: *p}", "2:32: aliases"),
        Hostile("a merge", "default: p\nplans:\n  p: &p {limits: []}\n  q:\n    <<: *p\n", "5:9: aliases"),
        Hostile("brackets without end", String(repeating: "[", count: 100_000), "1:"),
        Hostile("braces without end", String(repeating: "{a: ", count: 100_000), "1:"),
        Hostile("keys without end", String(repeating: "? ", count: 100_000), "1:"),
        Hostile("dashes without end", String(repeating: "- ", count: 100_000), "1:"),
        Hostile(
            "dashes ever deeper", (0..<1_200).map { String(repeating: " ", count: $0) + "-\n" }.joined(), ""),
        Hostile("nested as deep as the parser goes", nested(990), "1:"),
        Hostile(
            "one long line", "default: " + String(repeating: "p", count: 1_000_000), "1:1: plans: is missing"),
        Hostile(
            "one long number", "default: " + String(repeating: "9", count: 1_000_000),
            "1:1: plans: is missing"),
        Hostile(
            "a long list", "default: [" + String(repeating: "a,", count: 250_000) + "]",
            "1:10: must be a word"),
        Hostile("many keys", (0..<60_000).map { "k\($0): 1\n" }.joined(), "1:1: unknown key 'k0'"),
        Hostile(
            "one key many times", String(repeating: "default: p\n", count: 60_000),
            "1:1: duplicate key"),
        Hostile(
            "too many plans",
            "default: p0\nplans:\n" + (0...1_000).map { "  p\($0): {limits: [\(limit)]}\n" }.joined(),
            "3:3: plans: must hold 1 to 1000 plans, not 1001"),
        Hostile("a NUL", "default: p\nplans: \0\n", "2:8: control characters are not allowed"),
        Hostile(
            "an ESC after CRLF", "default: p\r\nplans:\r\n  a\u{1B}: b\r\n",
            "3:4: control characters are not allowed"),
        Hostile("half of UTF-16", "d\0e\0f\0", "1:2: control characters are not allowed"),
        Hostile("nothing but a BOM", "\u{FEFF}", "1:1: must be a mapping"),
        Hostile("two documents", PlanFileTests.example + "\n---\na: b\n", ""),
        Hostile(
            "a number beyond 64 bits",
            PlanFileTests.file(
                limit: "{name: a, meter: executions, amount: 9223372036854775808, windowMs: 1000}"),
            "5:46: must be a whole number"),
        Hostile(
            "a number below 64 bits",
            PlanFileTests.file(
                limit: "{name: a, meter: executions, amount: 1, windowMs: -9223372036854775808}"),
            "5:59: windowMs: must be"),
    ]

    private static let limit = "{name: a, meter: executions, amount: 1, windowMs: 1000}"

    private static func nested(_ depth: Int) -> String {
        String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }

    @Test("made to harm are refused with the reason, and soon", arguments: hostile)
    func refusesHostile(_ file: Hostile) {
        let start = Self.threadTime
        let found = Result { () throws(YAMLError) in try PlanFile.read(file.yaml, named: "") }
        guard case .failure(let error) = found else { return _ = Issue.record("it was taken") }
        let isExpected = error.description.hasPrefix(":\(file.refusal)")
        #expect(isExpected, "\(error.description.prefix(200))")
        #expect(error.description.utf8.count < 2_000_000)
        let taken = Self.threadTime - start
        print("\(file.testDescription), \(file.yaml.utf8.count) bytes: refused in \(taken)")
        #expect(taken < .seconds(30))
    }

    /// What this thread has computed so far: other work on the machine does not count.
    private static var threadTime: Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    @Test(
        "that have a * where none is an alias are read as before",
        arguments: [
            "# *bold* in a comment", "# two\n   # *lines*", "kinds: {a: {}} # *after* a value",
            "resources: {a*b: 1}", "# don't *ever* raise this", "# \"never\" &or *always*",
            "kinds: {a: {}} # *don't*", "whenUnavailable: 'deny *all*'", "whenUnavailable: \"*\"",
            "whenUnavailable: deny *all* of it", "whenUnavailable: |\n      *deny*\n      'and *more*\n",
            "whenUnavailable: >-\n      # *no comment*\n",
            "whenUnavailable: \"two\n      *lines # of* text\"",
        ])
    func stars(_ line: String) throws {
        let found = Result { () throws(YAMLError) in
            try PlanFile.read(PlanFileTests.file(rest: "    \(line)\n"), named: "")
        }
        let isComment = line.contains("#") && !line.contains("whenUnavailable")
        #expect(isComment ? found.reason == nil : found.reason?.contains("alias") != true, "\(found)")
    }

    @Test(
        "that have an alias beside stars that are none are refused at the alias",
        arguments: [
            ("# *a* & 'b\nx: *c # *d\n", "2:4"), ("x: '*a'\ny: \"*b\" # *c\nz: [*d]\n", "3:5"),
            ("x: |\n  *a\ny: *b\n", "3:4"), ("x: *\u{301}a\n", "1:4"), ("? *a\n: 1\n", "1:3"),
            ("x: a *b\n*c : 1\n", "2:1"), ("'*a': {*b : 1}\n", "1:8"),
        ])
    func starsAndAlias(_ example: (text: String, place: String)) throws {
        let error = #expect(throws: YAMLError.self) { try PlanFile.read(example.text, named: "f") }
        #expect(error?.description == "f:\(example.place): aliases (*name) are not supported; write it out")
    }
}

extension Result where Failure == YAMLError {
    /// Why it was refused; nil when it was not.
    fileprivate var reason: String? {
        if case .failure(let error) = self { error.reason } else { nil }
    }
}
