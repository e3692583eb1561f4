// The audit of true histories, which it must pass and measure correctly, and of tampered ones,
// which it must not pass.

import Accounting
import Audit
import Oracle
import SeededChance
import Testing
import WireFormat

@Suite("The audit of a recorded history")
struct AuditTests {
    static let seeds = 0..<(Proof.isAsked ? 600 : 60)

    private static func audit(_ lines: [HistoryLine], clockToleranceMs: Int? = 1_000) throws -> AuditReport {
        var audit = Audit(clockToleranceMs: clockToleranceMs)
        for (index, line) in lines.enumerated() { try audit.read(line.json, line: index + 1) }
        return try audit.report()
    }

    @Test("A true history is kept, whatever was lost, repeated and over-run, and however the clocks differ")
    func passes() throws {
        var (charges, repeats, lost, overruns) = (0, 0, 0, 0)
        for seed in Self.seeds {
            let traffic = try DrawnHistory(seed: seed)
            let report = try Self.audit(traffic.lines)
            #expect(report.isKept, "seed \(seed): \(report)")
            charges += report.tally.admitted
            repeats += report.tally.repeated
            lost += report.tally.unanswered
            overruns += report.tally.overrun
        }
        print(
            "audit: \(Self.seeds.count) true histories, \(charges) charges, \(repeats) repeats, \(lost) lost replies"
        )
        #expect(charges > 1_000 && repeats > 100 && lost > 500 && overruns > 50)
    }

    @Test(
        "The fullest window is never more than an exact log of everything holds, and that very number for executions"
    )
    func measures() throws {
        for seed in Self.seeds {
            let traffic = try DrawnHistory(seed: seed, questions: 150, losesReplies: false)
            let report = try Self.audit(traffic.lines)
            for (limit, worst) in zip(traffic.plan.limits, report.worst) {
                #expect(limit.name == worst.policy.name)
                let truth = traffic.logs.values.map { log in
                    log.charges.map { log.used(of: limit, at: $0.at) }.max() ?? 0
                }
                if limit.meter == .executions { #expect(worst.used == truth.max(), "seed \(seed)") }
                let log = try #require(traffic.logs[Account(worst.account)!])
                // The log knows only what became of a grant, and the audit also what it was.
                #expect(worst.used <= log.mostGranted(of: limit, at: worst.at), "seed \(seed): \(worst)")
                #expect(worst.used <= limit.amount)
            }
        }
    }

    @Test("A tampered history is caught, for what was done to it", arguments: Tampering.all)
    func catches(_ tampering: Tampering) throws {
        var applied = 0
        let seeds = Self.seeds.prefix(Self.seeds.count / 5)
        for seed in seeds {
            var lines = try DrawnHistory(seed: seed, questions: 200, losesReplies: false).lines
            guard tampering.apply(&lines) else { continue }
            applied += 1
            let report = try Self.audit(lines)
            #expect(report.findings.contains { $0.kind == tampering.found }, "seed \(seed): \(report)")
        }
        #expect(applied > seeds.count / 3, "only \(applied) histories had a place for it")
    }

    @Test("Every kind of finding is provoked")
    func isComplete() {
        #expect(Set(Tampering.all.map(\.found)) == Set(Finding.Kind.allCases))
    }

    @Test("A settlement counts from when it can have been applied, not from when it was answered")
    func settlesEarly() throws {
        // All of the time is granted, given back, and granted again in the same ms.
        let standing =
            #"{"question":"peek","account":"a","sentAt":1000,"answeredAt":1000,"status":200,"reply":{"#
            + #""account":"a","plan":"p","policies":[{"name":"time","meter":"execution-time","amount":500,"used":0,"#
            + #""remaining":500,"windowMs":60000}],"limits":{}}}"#
        func admit(_ id: String, sentAt: Int, at instant: Int = 5_000) -> String {
            #"{"question":"admit","account":"a","sentAt":\#(sentAt),"answeredAt":\#(sentAt + 1),"request":{"id":"\#(id)"},"#
                + #""status":201,"reply":{"id":"\#(id)","grantedMs":500,"deadline":\#(instant + 500)}}"#
        }
        func settle(sentAt: Int) -> String {
            #"{"question":"settle","account":"a","id":"x","sentAt":\#(sentAt),"answeredAt":\#(sentAt),"#
                + #""request":{"durationMs":0},"status":200,"#
                + #""reply":{"id":"x","chargedMs":0,"returnedMs":500,"overrunMs":0,"limits":{}}}"#
        }
        func report(_ lines: String...) throws -> AuditReport {
            var audit = Audit()
            for (index, line) in lines.enumerated() { try audit.read(Array(line.utf8), line: index + 1) }
            return try audit.report()
        }
        let inTime = try report(
            standing, admit("x", sentAt: 5_000), settle(sentAt: 5_001), admit("y", sentAt: 5_001))
        #expect(inTime.isKept, "\(inTime)")
        // Sent after the second grant had been answered, it cannot have made room for that.
        let late = try report(
            standing, admit("x", sentAt: 5_000), admit("y", sentAt: 5_001, at: 5_001), settle(sentAt: 5_003))
        #expect(late.findings.map(\.kind) == [.overLimit], "\(late)")
    }

    @Test(
        "What is no history is refused with the line and the reason",
        arguments: [
            ("{", "line 1 is not a line of a history: expected"), ("[]", "line 1 is not a line of a history"),
            (
                #"{"question":"ask","account":"a","sentAt":1,"answeredAt":1}"#,
                "question must be one of admit, settle, peek"
            ),
            (#"{"question":"peek","sentAt":1,"answeredAt":1}"#, "account must be"),
            (#"{"question":"peek","account":"a","sentAt":2,"answeredAt":1}"#, "at least sentAt (2)"),
            (
                #"{"question":"settle","account":"a","id":"x","sentAt":1,"answeredAt":1}"#,
                "request must be an object"
            ),
            (
                #"{"question":"peek","account":"a","sentAt":1,"answeredAt":1,"status":200}"#,
                "reply must be an object"
            ),
            (
                #"{"question":"peek","account":"a","sentAt":1,"answeredAt":1}"#,
                "does not show any limit. Record a peek"
            ),
        ])
    func refuses(_ line: String, _ reason: String) {
        let error = #expect(throws: HistoryError.self) {
            var audit = Audit()
            try audit.read(Array(line.utf8), line: 1)
            _ = try audit.report()
        }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }

    @Test("A line is read back as it was written")
    func roundTrip() throws {
        for line in try DrawnHistory(seed: 3).lines { #expect(try HistoryLine(json: line.json) == line) }
    }
}

extension SlidingLog {
    /// What would count if nothing had been settled.
    fileprivate func mostGranted(of limit: Limit, at t: Int) -> Int {
        charges.reduce(0) { sum, charge in
            charge.at <= t && t < charge.at + limit.window.lengthMs
                ? sum + (limit.meter == .executions ? 1 : charge.grantMs) : sum
        }
    }
}
