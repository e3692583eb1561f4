// What accounts did, on a real Redis: every count arrives once, in its minute and hour, from all
// processes.

import Accounting
import Glibc
import Metrics
import Redis
import TestServers
import Testing

@testable import ControlStore

@Suite("Rollups", .timeLimit(.minutes(2)))
struct RollupTests {
    private static let plan = try! Plan(
        name: "p", limits: [Limit(name: "count", meter: .executions, amount: 10, windowMs: 60_000)])
    /// 2026-01-01, on the hour.
    private static let newYear = Timestamp(ms: 1_767_225_600_000)
    private static var minute: Int { RollupStep.minute.period(at: newYear) }

    private let acme = Account("acme:prod")!

    private static func activity(
        executions: Int = 0, ms: Int = 0, errors: Int = 0, denials: [String: Int] = [:],
        functions: [String: Int] = [:], peaks: [String: Int] = [:]
    ) -> AccountActivity {
        var activity = AccountActivity()
        activity.total.executions = executions
        activity.total.executionTimeMs = ms
        activity.total.errors = errors
        activity.total.denials = denials
        activity.peakPercent = peaks
        for (name, executions) in functions { activity.change(name) { $0.executions = executions } }
        return activity
    }

    /// A book in which so many executions of a function are admitted, `used` of the limit's 10
    /// being the most that counts.
    private static func book(
        _ executions: Int, used: Int = 1, function: String? = "f", of name: String = "acme:prod"
    )
        -> ActivityBook
    {
        var book = ActivityBook()
        var accountant = Accountant(
            plans: try! PlanBook(plans: [plan], default: "p"), random: SystemRandomNumberGenerator())
        let admission = Admission(account: Account(name)!, function: function, maxDurationMs: 100)
        let grant = Grant(admittedAt: newYear, durationMs: 100)
        let usage = Usage(executions: used, executionTimeMs: 100, oldestLeavesInMs: 1)
        for _ in 0..<executions {
            let considered = try! accountant.consider(admission)
            book.count(
                considered.decision(on: .success(Answer(verdict: .admitted(grant), usage: [usage]))),
                on: considered)
        }
        return book
    }

    /// A book in which an admission was repeated, which counts nothing.
    private static func nothing() -> ActivityBook {
        var book = ActivityBook()
        var accountant = Accountant(
            plans: try! PlanBook(plans: [plan], default: "p"), random: SystemRandomNumberGenerator())
        let considered = try! accountant.consider(
            Admission(account: Account("idle")!, maxDurationMs: 100))
        let usage = Usage(executions: 0, executionTimeMs: 0, oldestLeavesInMs: nil)
        let held = Verdict.held(Grant(admittedAt: newYear, durationMs: 100))
        book.count(
            considered.decision(on: .success(Answer(verdict: held, usage: [usage]))), on: considered)
        return book
    }

    private func history(
        _ rollups: Rollups, minutes: Range<Int>, step: RollupStep = .minute, function: String? = nil
    ) async throws -> Rollups.History {
        try await rollups.history(
            of: acme, from: Self.newYear + minutes.lowerBound * 60_000,
            to: Self.newYear + minutes.upperBound * 60_000, step: step, function: function)
    }

    @Test(
        "Two processes add up in minutes and in hours; late minutes find their place, and peaks are the greatest"
    )
    func addsUp() async throws {
        try await ControlStoreRig.with(processes: 2) { rig in
            let (a, b) = (rig.processes[0].rollups, rig.processes[1].rollups)
            let full = Self.activity(
                executions: 3, ms: 250, errors: 1, denials: ["count": 2], functions: ["f": 2, "a/b": 1],
                peaks: ["count": 70])
            try await a.add(full, of: acme, minute: Self.minute)
            try await b.add(full, of: acme, minute: Self.minute + 59)
            try await a.add(
                Self.activity(executions: 5, peaks: ["count": 40]), of: acme, minute: Self.minute + 59)
            // Later written, but earlier.
            try await b.add(Self.activity(ms: 9, functions: ["a/b": 4]), of: acme, minute: Self.minute + 30)
            try await a.add(Self.activity(executions: 1), of: acme, minute: Self.minute + 60)
            try await a.add(Self.activity(executions: 100), of: Account("other")!, minute: Self.minute)

            let minutes = try await history(a, minutes: 0..<60)
            #expect(minutes.points.map { ($0.start - Self.newYear) / 60_000 } == [0, 30, 59])
            #expect(minutes.points.map(\.activity.executions) == [3, 0, 8])
            #expect(minutes.points.map(\.activity.executionTimeMs) == [250, 9, 250])
            #expect(minutes.points.map(\.peakPercent) == [["count": 70], [:], ["count": 70]])
            #expect(
                minutes.points[2].activity.denials == ["count": 2] && minutes.points[2].activity.errors == 1)
            #expect(minutes.functions.mapValues(\.executions) == ["f": 4, "a/b": 6])

            let hours = try await history(b, minutes: 0..<120, step: .hour)
            #expect(hours.points.map(\.activity.executions) == [11, 1])
            #expect(hours.points.map(\.peakPercent) == [["count": 70], [:]])
            let part = try await history(b, minutes: 1..<60, function: "a/b")
            #expect(
                part.points.map(\.activity.executions) == [4, 1] && part.functions.keys.sorted() == ["a/b"])
            #expect(part.points.allSatisfy { $0.peakPercent.isEmpty })
            #expect(try await history(b, minutes: 61..<600).points.isEmpty)
            #expect(RollupField(field: "x/\u{301}/a")?.function == "\u{301}/a")
        }
    }

    @Test(
        "Every key has a time to live: 48 hours beyond its hour, 90 days beyond its day, 2 hours for minutes' rankings"
    )
    func timesToLive() async throws {
        try await ControlStoreRig.with { rig in
            let rollups = rig.controlStore.rollups
            try await rollups.add(Self.activity(executions: 1), of: acme, minute: Self.minute)
            try await rollups.rank(
                [(acme, Self.activity(executions: 1, peaks: ["count": 5]))], minute: Self.minute)
            let hour = 3_600_000
            var left: [String: Int] = [:]
            for key in try rig.server.command("KEYS", "*").split(separator: "\n") {
                let ttl = try rig.server.command("PTTL", String(key))
                let ms: Int = try #require(Int(ttl))
                left[String(key)] = ms
            }
            let day = Self.newYear.ms / (24 * hour)
            let kept = [
                "stint:{acme:prod}:u:\(Self.newYear.ms / hour)": 49 * hour,
                "stint:{acme:prod}:d:\(day)": 91 * 24 * hour,
                "stint:{top}:executions:m:\(Self.minute)": 2 * hour + 120_000,
                "stint:{top}:executions:h:\(Self.newYear.ms / hour)": 90 * 24 * hour + hour,
                "stint:{top}:percent:m:\(Self.minute)": 2 * hour + 120_000,
                "stint:{top}:percent:h:\(Self.newYear.ms / hour)": 90 * 24 * hour + hour,
            ]
            #expect(left.keys.sorted() == kept.keys.sorted())
            for (key, ms) in kept { #expect(((ms - 20_000)...ms).contains(left[key] ?? 0), "\(key)") }
        }
    }

    @Test("An hour with too many functions counts new ones together, and a field that is damaged begins anew")
    func bounds() async throws {
        try await ControlStoreRig.with { rig in
            let rollups = rig.controlStore.rollups
            for round in 0..<12 {
                let names = (0..<100).map { ("f\(round)-\($0)", 1) }
                try await rollups.add(
                    Self.activity(functions: Dictionary(uniqueKeysWithValues: names)), of: acme,
                    minute: Self.minute)
            }
            let key = "stint:{acme:prod}:u:\(Self.newYear.ms / 3_600_000)"
            #expect(try rig.server.command("HLEN", key) == "1001")
            let functions = try await history(rollups, minutes: 0..<1).functions
            #expect(functions.values.map(\.executions).reduce(0, +) == 1_200)
            #expect(functions[AccountActivity.otherFunctions]?.executions == 200)

            _ = try rig.server.command("HSET", key, "x", "damaged", "later-version", "12345678")
            try await rollups.add(Self.activity(executions: 2), of: acme, minute: Self.minute)
            #expect(try await history(rollups, minutes: 0..<1).points.first?.activity.executions == 2)
        }
    }

    @Test("A ranking keeps the first thousand while its time runs and the first hundred afterwards")
    func ranks() async throws {
        try await ControlStoreRig.with { rig in
            let rollups = rig.controlStore.rollups
            // Minutes' rankings are asked for only while they are kept. Both minutes are of one
            // hour.
            var minute = RollupStep.minute.period(at: try await rollups.now) - 5
            if minute % 60 == 59 { minute -= 1 }
            let start = RollupStep.minute.start(ofPeriod: minute)
            let many = (1...1_200).map { number in
                (
                    Account("a\(number)")!,
                    Self.activity(executions: number, ms: 5, peaks: ["count": number % 100])
                )
            }
            try await rollups.rank(many, minute: minute)
            try await rollups.rank([(acme, Self.activity(executions: 700))], minute: minute)
            let key = "stint:{top}:executions:m:\(minute)"
            #expect(try rig.server.command("ZCARD", key) == "1000")
            try await rollups.rank([(acme, Self.activity(executions: 600, ms: 1))], minute: minute + 1)
            #expect(try rig.server.command("ZCARD", key) == "100")

            let top = try await rollups.top(
                by: .executions, from: start, to: start + 120_000, limit: 3)
            #expect(top.map(\.account.name) == ["a1200", "a1199", "a1198"])
            let hours = try await rollups.top(
                by: .executions, from: start + -4 * 3_600_000, to: start + 3_600_000, limit: 2)
            #expect(
                hours.map(\.account.name) == ["acme:prod", "a1200"] && hours.map(\.amount) == [1_300, 1_200])
            let fullest = try await rollups.top(
                by: .percent, from: start, to: start + 60_000, limit: 1)
            #expect(fullest.map(\.amount) == [99])
            #expect(
                try await rollups.top(by: .denials, from: start, to: start + 60_000, limit: 5)
                    .isEmpty)
        }
    }

    /// What ``book(_:used:function:of:)`` counted in a minute.
    private static func parts(_ minute: Int, _ books: ActivityBook...) -> [MinuteActivity] {
        books.flatMap { book in
            var book = book
            book.begin(minute: minute)
            return book.drain(.max)
        }
    }

    @Test(
        "The writer brings every count to Redis once, an account's as one, and keeps what Redis did not get")
    func writes() async throws {
        try await ControlStoreRig.with { rig in
            let rollups = rig.controlStore.rollups
            let writer = RollupWriter(rollups, metrics: NOOPMetricsHandler.instance)
            let (minute, room) = await writer.outlook()
            #expect(room == RollupWriter.maximumWritten)
            // Nothing to tell: not written, and in nobody's way.
            let many = (0..<50).map { Self.book(1, of: "a\($0)") }
            let parts = Self.parts(
                minute, Self.book(3, used: 4), Self.nothing(), Self.book(2, used: 9, function: nil))
            #expect(await writer.write(parts + many.flatMap { Self.parts(minute, $0) }))
            func reported(_ account: Account) async throws -> Rollups.History {
                let start = RollupStep.minute.start(ofPeriod: minute)
                return try await rollups.history(of: account, from: start, to: start + 60_000, step: .minute)
            }
            let first = try await reported(acme)
            #expect(first.points.map(\.activity.executions) == [5])
            #expect(first.functions["f"]?.executions == 3)
            #expect(first.points.map(\.peakPercent) == [["count": 90]])
            for number in 0..<50 {
                #expect(try await reported(Account("a\(number)")!).points.map(\.activity.executions) == [1])
            }
            #expect(try rig.server.command("ZCARD", "stint:{top}:executions:m:\(minute)") == "51")

            rig.server.kill(SIGKILL)
            try await eventually("the client has noticed") { try await !rig.client.isReady }
            #expect(await writer.outlook().room == nil)
            #expect(await !writer.write(Self.parts(minute, Self.book(4))))
            #expect(await !writer.write(Self.parts(minute, Self.book(1, of: "other"))))
            #expect(await !writer.write(Self.parts(minute, Self.book(2))))
            try await rig.server.restart()
            try await eventually("the client is ready") { try await rig.client.isReady }
            #expect(await writer.outlook().room == RollupWriter.maximumWritten - 2)
            #expect(await writer.write([]))
            // What was there before went with the server, which keeps nothing.
            #expect(try await reported(acme).points.map(\.activity.executions) == [6])
            #expect(
                try rig.server.command("ZSCORE", "stint:{top}:executions:m:\(minute)", acme.name) == "6")
        }
    }

    @Test("A deadline ends a round; what was not begun waits for the next")
    func deadline() async throws {
        try await ControlStoreRig.with { rig in
            let writer = RollupWriter(rig.controlStore.rollups, metrics: NOOPMetricsHandler.instance)
            #expect(await !writer.write(Self.parts(1, Self.book(1)), until: .now))
            #expect(await writer.outlook().room == RollupWriter.maximumWritten - 1)
            #expect(await writer.write([]))
        }
    }
}

extension Rollups {
    fileprivate func add(_ activity: AccountActivity, of account: Account, minute: Int) async throws {
        let errors = await add([MinuteActivity(account: account, minute: minute, activity: activity)])
        if let error = errors[0] { throw error }
    }
}
