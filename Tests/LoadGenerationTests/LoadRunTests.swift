// Loads over real sockets: against the runner API itself, and against servers that misbehave.

import Accounting
import Audit
import CoreMetrics
import Foundation
import Logging
import NIOCore
import NIOPosix
import PlanSimulation
import RunnerAPI
import Synchronization
import Testing
import Traces
import WireFormat

@testable import LoadGeneration

@Suite("A load over sockets", .timeLimit(.minutes(1)))
struct LoadRunTests {
    private static func settings(_ target: LoadTarget, _ change: (inout LoadSettings) -> Void = { _ in })
        -> LoadSettings
    {
        var settings = LoadSettings()
        settings.targets = [target]
        settings.warmUpMs = 0
        settings.durationMs = 200
        settings.connections = 4
        change(&settings)
        return settings
    }

    private static func run(
        _ settings: LoadSettings, trace: TraceFeed? = nil, history: HistoryWriter? = nil
    ) async throws -> LoadReport {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: settings.eventLoops)
        let outcome: Result<LoadReport, any Error>
        do {
            let load = try await LoadRun.open(
                settings, group: group, trace: trace, history: history, wallNs: wallClockNs())
            outcome = .success(try await load.report())
        } catch {
            outcome = .failure(error)
        }
        try await group.shutdownGracefully()
        return try outcome.get()
    }

    private static func wallClockNs() -> Int { Int(Date().timeIntervalSince1970 * 1e9) }

    /// Runs the runner API over a ledger in memory.
    private static func withService(_ body: (LoadTarget) async throws -> Void) async throws {
        var settings = RunnerSettings()
        settings.address?.port = 0
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let ledger = MemoryLedger { Timestamp(ms: wallClockNs() / 1_000_000) }
        let server = RunnerServer(
            settings: settings, group: group, plans: try .builtIn(), makeLedger: { _ in ledger },
            random: { SystemRandomNumberGenerator() }, logger: Logger(label: "test"),
            metrics: NOOPMetricsHandler.instance)
        let outcome: Result<Void, any Error>
        do {
            try await server.start()
            try await body(.tcp(host: "127.0.0.1", port: try #require(server.addresses.first?.port)))
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        try await server.drain(deadline: .zero)
        try await group.shutdownGracefully()
        try outcome.get()
    }

    @Test(
        "What is recorded is a history that the audit accepts, whole and with denials in it",
        arguments: [1, 2])
    func audited(eventLoops: Int) async throws {
        try await Self.withService { target in
            let written = Mutex<[UInt8]>([])
            let recorder = HistoryWriter { bytes in written.withLock { $0 += bytes } }
            // Two accounts for which 60 executions of 10 s are all that fits: the 60th to 70th is
            // denied.
            let settings = Self.settings(target) {
                $0.accounts = 2
                $0.connections = 8
                $0.eventLoops = eventLoops
                $0.skew = .zipf(exponent: 1)
                $0.durations = .uniform(9_000...12_000)
                $0.durationMs = 2_000
            }
            let report = try await Self.run(settings, history: recorder)
            let summary = try await recorder.finish()
            #expect(report.isFine, "\(report.text)")
            #expect(report.tally.denied > 0)
            #expect(report.tally.settled == report.tally.admitted)

            var audit = Audit()
            var peeks = 0
            let lines = written.withLock { $0 }.split(separator: UInt8(ascii: "\n"))
            for (number, line) in lines.enumerated() {
                try audit.read(line, line: number + 1)
                if case .peek = try HistoryLine(json: line).exchange { peeks += 1 }
            }
            #expect(lines.count == summary.lines)
            #expect(peeks == eventLoops)
            #expect(lines.count == report.tally.answered + peeks)
            let verdict = try audit.report()
            #expect(verdict.isKept, "\(verdict)")
        }
    }

    @Test("A replay asks every row once, lets it run, and its record is a history that the audit accepts")
    func replayed() async throws {
        try await Self.withService { target in
            // 60 grants of 10 s are all that fits, and nothing ends before all have asked.
            var text = "offset_ms,account,function,duration_ms\n0,quiet,f,\n"
            for row in 0..<150 { text += "\(row * 2),busy,f,3000\n" }
            let replay = Replay(trace: "trace.csv")
            var settings = LoadSettings(replay)
            settings.targets = [target]
            let written = Mutex<[UInt8]>([])
            let recorder = HistoryWriter { bytes in written.withLock { $0 += bytes } }
            let report = try await Self.run(
                settings, trace: TraceFeed(try TraceReader(Array(text.utf8)), for: replay), history: recorder)
            _ = try await recorder.finish()
            #expect(report.isFine, "\(report.text)")
            #expect(report.tally.admitted == 61)
            #expect(report.tally.denied == 90)
            #expect(report.tally.settled == 61)
            #expect(report.measuredMs >= 3_000)
            #expect(report.tally.lateness.count == 151 + 60)
            let found = try #require(report.replay)
            #expect(
                found.trace == .init(rows: 151, accounts: 2, spanMs: 298, rowsWithoutDuration: 1, rowsCut: 0))
            #expect(found.topAccounts == [.init(account: "busy", rows: 150, denied: 90, deniedPercent: 60)])
            let time = try #require(found.limits.first { $0.name == "execution-time" })
            #expect(time.denials == 90)
            #expect(
                time.peak
                    == .init(used: 600_000, percent: 100, account: "busy", offsetMs: time.peak?.offsetMs ?? 0)
            )

            var audit = Audit()
            let lines = written.withLock { $0 }.split(separator: UInt8(ascii: "\n"))
            for (number, line) in lines.enumerated() { try audit.read(line, line: number + 1) }
            #expect(lines.count == 1 + 151 + 61)
            let verdict = try audit.report()
            #expect(verdict.isKept, "\(verdict)")
        }
    }

    @Test(
        "Replies byte by byte, connections that end after each reply: every request is answered all the same")
    func pieces() async throws {
        try await MisbehavingServer.serving { _, _ in
            .trickles
        } _: { target in
            let report = try await Self.run(Self.settings(target))
            #expect(report.isFine, "\(report.text)")
            #expect(report.tally.reconnections == 0)
        }
        try await MisbehavingServer.serving { _, _ in
            .closes
        } _: { target in
            let report = try await Self.run(Self.settings(target))
            #expect(report.isFine, "\(report.text)")
            // Each answer costs a connection; those to the peek and to the last ones are not
            // replaced or not counted.
            #expect(report.tally.reconnections >= report.tally.answered - 4)
        }
    }

    @Test("A server that hangs up, answers garbage or nothing is counted by the way it failed")
    func failures() async throws {
        let ways: [(MisbehavingServer.Behaviour, LoadFailure)] = [
            (.hangsUp, .connectionLost), (.sendsGarbage, .unreadableReply), (.isSilent, .timeout),
        ]
        for (behaviour, failure) in ways {
            try await MisbehavingServer.serving { _, request in
                request == 1 ? .answers : behaviour
            } _: { target in
                let report = try await Self.run(
                    Self.settings(target) { $0.timeoutMs = failure == .timeout ? 2_000 : 5_000 })
                #expect(report.tally.failures[failure, default: 0] > 0, "\(report.text)")
                #expect(report.tally.failures.keys.allSatisfy { $0 == failure }, "\(report.text)")
                #expect(!report.isFine)
            }
        }
    }

    @Test("An open loop sends what is due, all of it, however the answers come")
    func open() async throws {
        try await MisbehavingServer.serving { _, _ in
            .answers
        } _: { target in
            let report = try await Self.run(
                Self.settings(target) {
                    $0.pace = .open(perSecond: 500)
                    $0.admitsOnly = true
                })
            #expect(report.tally.admitted == 100, "\(report.text)")
            #expect(report.tally.notSent == 0)
        }
    }

    @Test("Several targets share the connections; one that is not there ends the load before it began")
    func targets() async throws {
        let asked = Mutex<[Int]>([0, 0])
        try await MisbehavingServer.serving { _, _ in
            asked.withLock { $0[0] += 1 }
            return .answers
        } _: { first in
            try await MisbehavingServer.serving { _, _ in
                asked.withLock { $0[1] += 1 }
                return .answers
            } _: { second in
                let report = try await Self.run(Self.settings(first) { $0.targets.append(second) })
                #expect(report.isFine, "\(report.text)")
                #expect(asked.withLock { $0.allSatisfy { $0 > 1 } })
                let gone = LoadTarget.unixSocket(path: "/nowhere/stint.sock")
                let two = Self.settings(first) {
                    $0.targets.append(gone)
                    $0.eventLoops = 2
                }
                await #expect {
                    try await Self.run(two)
                } throws: {
                    "\($0)".hasPrefix("unix:/nowhere/stint.sock: No such file or directory. Start a service")
                }
            }
        }
    }

    @Test("A load that is stopped reports what it measured")
    func stopped() async throws {
        try await MisbehavingServer.serving { _, _ in
            .answers
        } _: { target in
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let load = try await LoadRun.open(
                Self.settings(target) { $0.durationMs = 3_600_000 }, group: group, wallNs: Self.wallClockNs())
            async let report = load.report()
            while try await load.tally().answered < 10 { await Task.yield() }
            load.stop()
            let tally = try await report.tally
            #expect(tally.answered >= 10)
            #expect(tally.failed == 0)
            try await group.shutdownGracefully()
        }
    }
}
