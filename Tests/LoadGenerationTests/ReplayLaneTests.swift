// The engine of a replay in a time that the test moves: when each row is sent, and when it is
// settled.

import NIOCore
import NIOEmbedded
import PlanSimulation
import Testing

@testable import LoadGeneration

@Suite("A lane of a replay")
struct ReplayLaneTests {
    /// One request and the ms at which it was sent.
    struct Sent: Hashable {
        let atMs: Int
        /// `a admit`, `a settle 840`
        let words: String

        init(_ atMs: Int, _ words: String) { (self.atMs, self.words) = (atMs, words) }

        init(_ atMs: Int, _ request: Request) throws {
            self.atMs = atMs
            let digits =
                request.body.firstMatch(of: /"(max)?[dD]urationMs":(\d+)/).map { " \($0.output.2)" } ?? ""
            let outcome = request.body.contains(#""outcome":"timeout""#) ? " timeout" : ""
            words = "\(request.account) \(request.isSettlement ? "settle" : "admit")\(digits)\(outcome)"
        }
    }

    /// Answers everything at once for some ms.
    /// - Returns: what was asked.
    static func sent(
        _ rig: LaneRig, ms: Int, _ reply: (Request) throws -> String = { try $0.reply() }
    ) throws -> [Sent] {
        var sent: [Sent] = []
        func answer(_ atMs: Int) throws {
            while case let waiting = try rig.requests(), !waiting.isEmpty {
                for (connection, request) in waiting {
                    sent.append(try Sent(atMs, request))
                    try rig.answer(connection, try reply(request))
                }
            }
        }
        try answer(0)
        try rig.advance(ms: ms, each: answer)
        return sent
    }

    @Test(
        "Rows are due at their offset by the speed, and are settled when they have run, at any speed",
        arguments: [(1.0, [0, 20, 100]), (0.5, [0, 40, 200]), (4.0, [0, 5, 25])])
    func pace(speed: Double, dueMs: [Int]) throws {
        let rig = try LaneRig(trace: "0,a,f,840\n20,b,f,84\n100,a,f,10\n") {
            $0.speed = speed
        } _: {
            $0.connections = 1
        }
        try rig.begin()
        let sent = try Self.sent(rig, ms: 1_000)
        #expect(
            Set(sent) == [
                Sent(dueMs[0], "a admit"), Sent(dueMs[1], "b admit"), Sent(dueMs[2], "a admit"),
                Sent(dueMs[0] + 840, "a settle 840"), Sent(dueMs[1] + 84, "b settle 84"),
                Sent(dueMs[2] + 10, "a settle 10"),
            ])
        #expect(sent.count == 6)
        #expect(rig.ended, "when the last execution is settled")
        #expect(rig.lane.tally.admitted == 3)
        #expect(rig.lane.tally.settled == 3)
        #expect(rig.lane.tally.latency.maxUs <= 1)
        #expect(rig.lane.tally.lateness.count == 6)
        #expect(rig.lane.tally.lateness.maxUs <= 1)
    }

    @Test(
        "Latency counts from when a row is due and from when an execution ends, whatever is answered meanwhile"
    )
    func stall() throws {
        let rig = try LaneRig(trace: "0,a,f,100\n50,b,f,10\n50,c,f,10\n") { _ in
        } _: {
            $0.connections = 1
        }
        try rig.begin()
        #expect(try rig.requests().count == 1)
        // a runs from 30 ms on, and is settled from 130 ms on: b and c came first, and b is
        // answered at 200 ms.
        try rig.advance(ms: 600) { ms in if ms == 30 || ms >= 200 { try rig.answerOnce() } }
        #expect(rig.ended)
        let tally = rig.lane.tally
        #expect(tally.admitted == 3)
        #expect(tally.settled == 3)
        // 30 ms, 150 ms, and c after a's settlement, 152 ms.
        #expect(abs(tally.admissionLatency.us(atPercentile: 30) - 30_000) <= 30)
        #expect(abs(tally.admissionLatency.maxUs - 152_000) <= 152)
        // a's: due at 130 ms, answered at 201 ms.
        #expect(abs(tally.settlementLatency.maxUs - 71_000) <= 71)
        #expect(tally.lateness.maxUs <= 1, "it was the service that was late")
    }

    @Test("An execution runs until its grant ends at most; one whose duration nobody knows asks for 0 ms")
    func grants() throws {
        let rig = try LaneRig(trace: "0,a,f,840\n0,b,f,\n0,c,f,0\n") { $0.kind = "workflow-action" }
        try rig.begin()
        let sent = try Self.sent(rig, ms: 300) { request in
            #expect(request.isSettlement || request.body.contains(#""kind":"workflow-action""#))
            return try request.reply(grantedMs: request.account == "b" ? 0 : 200)
        }
        #expect(
            Set(sent) == [
                Sent(0, "a admit"), Sent(0, "b admit 0"), Sent(0, "c admit"), Sent(0, "b settle 0"),
                Sent(0, "c settle 0"), Sent(200, "a settle 200 timeout"),
            ])
        #expect(sent.count == 6)
        let report = try #require(ReplayReport(rig.lane))
        #expect(report.stopped == 1)
        #expect(report.trace.rows == 3)
        #expect(report.trace.accounts == 3)
        #expect(report.trace.rowsWithoutDuration == 1)
    }

    @Test(
        "Asks for what is recorded or for a number of ms, if that is asked for",
        arguments: [(true, 840), (false, 7)])
    func asks(recorded: Bool, ms: Int) throws {
        let rig = try LaneRig(trace: "0,a,f,840\n0,b,f,\n") { _ in
        } _: {
            $0.ask = recorded ? .drawn : .fixed(ms: 7)
        }
        try rig.begin()
        #expect(
            Set(try rig.requests().map { try Sent(0, $0.request).words }) == ["a admit \(ms)", "b admit 0"])
    }

    @Test("Copies of an account are accounts of their own, each with all of its rows")
    func copies() throws {
        let rig = try LaneRig(trace: "0,a,f,\n5,b,f,\n9,a,f,\n") { $0.copies = 3 }
        try rig.begin()
        let admissions = try Self.sent(rig, ms: 20).filter { $0.words.contains("admit") }
        #expect(
            admissions.map { "\($0.atMs) \($0.words)" }.sorted() == [
                "0 a:1 admit 0", "0 a:2 admit 0", "0 a:3 admit 0", "5 b:1 admit 0", "5 b:2 admit 0",
                "5 b:3 admit 0", "9 a:1 admit 0", "9 a:2 admit 0", "9 a:3 admit 0",
            ])
        let trace = try #require(ReplayReport(rig.lane)).trace
        #expect(trace == .init(rows: 9, accounts: 6, spanMs: 9, rowsWithoutDuration: 9, rowsCut: 0))
    }

    @Test("A trace of many batches is asked row by row, whatever is read when")
    func batches() throws {
        let rows = 9 * LaneRig.rowsTogether + 17
        let rig = try LaneRig(trace: (0..<rows).map { "\($0 / 10),a\($0 % 100),f,\n" }.joined()) { _ in
        } _: {
            $0.connections = 1
        }
        try rig.begin()
        let admissions = try Self.sent(rig, ms: rows / 10 + 1).filter { $0.words.hasSuffix("admit 0") }
        #expect(admissions.count == rows)
        for (row, sent) in admissions.enumerated() {
            #expect(sent == Sent(row / 10, "a\(row % 100) admit 0"))
        }
        #expect(rig.ended)
    }

    @Test(
        "When the trace is read too slowly, the rows leave late, and the report says how late the replay was")
    func starved() throws {
        // The first batch is there from the beginning, and the second is read as soon as the first
        // is begun.
        let prompt = 2 * LaneRig.rowsTogether
        let rows = prompt + 75
        let rig = try LaneRig(trace: (0..<rows).map { "\($0 / 10),a,f,\n" }.joined())
        try rig.begin()
        rig.holdTrace(true)
        try rig.advance(ms: 112) { _ in try rig.answerAll() }
        #expect(!rig.ended)
        #expect(rig.lane.tally.admitted == prompt)
        rig.holdTrace(false)
        try rig.advance(ms: 1) { _ in try rig.answerAll() }
        #expect(rig.ended)
        #expect(rig.lane.tally.admitted == rows)
        // The first of the others was due at 10 ms, and left at 112.
        #expect(abs(rig.lane.tally.lateness.maxUs - 102_000) <= 102)
    }

    // MARK: The end

    @Test("Stopped early, it settles what is running with what that has used, and ends")
    func stopped() throws {
        let rig = try LaneRig(trace: "0,a,f,5000\n10,b,f,50000\n400,c,f,5\n")
        try rig.begin()
        _ = try Self.sent(rig, ms: 300)
        rig.lane.stop()
        let sent = try Self.sent(rig, ms: 1)
        #expect(Set(sent) == [Sent(0, "a settle 300"), Sent(0, "b settle 290")])
        #expect(rig.ended)
        #expect(rig.lane.tally.settled == 2)
        #expect(rig.lane.tally.notSent == 0)
        #expect(rig.lane.tally.failed == 0)
    }

    @Test("Stopped when all rows are asked and one still runs, it ends too, even if nobody answers")
    func stoppedLate() throws {
        let rig = try LaneRig(trace: "0,a,f,9000\n")
        try rig.begin()
        _ = try Self.sent(rig, ms: 100)
        #expect(rig.lane.phase == .draining)
        rig.lane.stop()
        rig.advance(ms: 1_001)
        #expect(rig.ended)
        #expect(rig.lane.tally.failures == [.timeout: 1])
    }

    @Test("With a duration it asks nothing that is due later, and waits for what runs")
    func duration() throws {
        let rig = try LaneRig(trace: "0,a,f,8000\n99,b,f,1\n100,c,f,1\n") { _ in
        } _: {
            $0.connections = 2
            $0.durationMs = 100
        }
        try rig.begin()
        let sent = try Self.sent(rig, ms: 8_000)
        #expect(
            Set(sent) == [
                Sent(0, "a admit"), Sent(99, "b admit"), Sent(100, "b settle 1"),
                Sent(8_000, "a settle 8000"),
            ])
        #expect(rig.ended)
        #expect(ReplayReport(rig.lane)?.trace.rows == 2)
    }

    @Test("Nobody answers any more: every row is a failure or not sent, and the replay ends")
    func deaf() throws {
        let rig = try LaneRig(trace: (0..<50).map { "\($0),a,f,100\n" }.joined()) { _ in
        } _: {
            $0.connections = 2
            $0.timeoutMs = 50
        }
        try rig.begin()
        rig.advance(ms: 1_000)
        #expect(rig.ended)
        let failed = rig.lane.tally.failures[.timeout] ?? 0
        #expect(failed > 0)
        #expect(failed + rig.lane.tally.notSent == 50)
    }

    // MARK: The trace

    @Test("A trace that is damaged further on is replayed until there")
    func damaged() throws {
        let rig = try LaneRig(trace: "0,a,f,1\n5,b,f,1\n4,c,f,1\n")
        try rig.begin()
        #expect(try Self.sent(rig, ms: 10).count == 4)
        #expect(rig.ended)
        let problem = try #require(ReplayReport(rig.lane)?.problem)
        #expect("\(problem)" == "line 4: offset_ms 4 comes after 5; sort the rows by offset_ms")
    }

    @Test(
        "A trace without a row that can be replayed is refused before anything is asked",
        arguments: [
            ("", 1, "trace.csv: the trace has no rows"),
            ("x,a,f,1\n", 1, "trace.csv: line 2: offset_ms must be a whole number of ms"),
            ("0,a b,f,1\n", 1, "trace.csv: line 2: account: must be 1 to 128 bytes of"),
            (
                "0,\(String(repeating: "a", count: 127)),f,1\n", 2,
                "_ : @ -, with \":2\" at its end; rename it"
            ),
        ])
    func refused(rows: String, copies: Int, words: String) throws {
        let rig = try LaneRig(trace: rows) { $0.copies = copies }
        let opened = rig.lane.open()
        rig.loop.run()
        #expect { try opened.wait() } throws: { "\($0)".contains(words) }
        #expect(rig.connectionCount == 0)
    }

    // MARK: What it finds

    @Test("The report has the denials of each account and each limit, and the fullest windows")
    func findings() throws {
        let trace = "0,a,f,100\n0,b,f,20\n10,a,f,100\n20,b,f,20\n30,a,f,100\n300,a,f,100\n70000,a,f,100\n"
        let rig = try LaneRig(trace: trace) { _ in
        } _: {
            $0.connections = 2
        }
        try rig.begin()
        var asked = 0
        // The ledger's clock is as many ms after 1970 as the trace is after its beginning, and
        // some.
        let instants = [0, 0, 10, 20, 30, 300, 70_000]
        _ = try Self.sent(rig, ms: 70_200) { request in
            guard !request.isSettlement else { return try request.reply() }
            asked += 1
            if asked == 4 || asked == 5 { return Request.denial() }
            return try request.reply(admittedAt: 1_770_000_000_000 + instants[asked - 1])
        }
        #expect(asked == 7)
        #expect(rig.ended)
        let report = try #require(ReplayReport(rig.lane))
        #expect(report.deniedAccounts == 2)
        #expect(
            report.topAccounts == [
                .init(account: "a", rows: 5, denied: 1, deniedPercent: 20),
                .init(account: "b", rows: 2, denied: 1, deniedPercent: 50),
            ])
        // a's first two executions held their grants of 10 s at the same time; the next one came
        // after their end.
        let limits: [SimulationReport.LimitReport] = [
            .init(
                name: "execution-time", meter: "execution-time", amount: 600_000, windowMs: 60_000,
                denials: 2,
                peak: .init(used: 20_000, percent: 3.3, account: "a", offsetMs: 10)),
            .init(
                name: "executions", meter: "executions", amount: 6_000, windowMs: 60_000, denials: 0,
                peak: .init(
                    used: 3, percent: SimulationReport.percent(3, of: 6_000), account: "a", offsetMs: 300)
            ),
        ]
        #expect(report.limits == limits)
    }
}
