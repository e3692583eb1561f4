// `stint load`: asks a running service as runners do, and says how fast and how well it answered. Exit status 0 when
// something was measured and nothing failed, 1 otherwise, 64 when the arguments make no load.

import ArgumentParser
import Foundation
import LoadGeneration
import NIOCore
import NIOPosix
import UnixSignals

struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Put a load on a running service and measure its answers.",
        usage: "stint load [--rate PER_SECOND] [--connections N] [--duration SECONDS] [--target URL ...] ...",
        discussion: """
            Without --rate every connection asks again as soon as it is answered. With --rate executions are due at \
            their time whatever the service does, and latency counts from then. Ends with the throughput and the p99. \
            docs/LOAD.md says what is measured, and the shape of the JSON.
            """)

    @Option(
        help: .init(
            "where the service listens: http://HOST:PORT or unix:/PATH; may be repeated "
                + "(default: \(LoadSettings.localTarget))", valueName: "url"),
        transform: { try LoadTarget($0) })
    var target: [LoadTarget] = []

    @Option(
        help: .init("executions due per second; left out: as many as are answered", valueName: "per-second"))
    var rate: Int?

    @Option(help: "connections, over all targets")
    var connections = LoadSettings().connections

    @Option(help: .init("how long to measure", valueName: "seconds"))
    var duration = Double(LoadSettings().durationMs) / 1_000

    @Option(help: .init("how long to ask first without measuring", valueName: "seconds"))
    var warmUp = Double(LoadSettings().warmUpMs) / 1_000

    @Option(help: "accounts to ask for: load-0, load-1, ...")
    var accounts = LoadSettings().accounts

    @Option(
        help: .init("how the load spreads over them: uniform, zipf or zipf:EXPONENT", valueName: "skew"),
        transform: { try Skew($0) })
    var skew = LoadSettings().skew

    @Option(
        help: .init(
            "what executions take: fixed:MS, uniform:MS-MS or exponential:MS", valueName: "distribution"),
        transform: { try Durations($0) })
    var durations = LoadSettings().durations

    @Option(
        help: .init(
            "what is asked for: ceiling (the kind's), drawn (what the execution takes) or a number of ms",
            valueName: "ask"),
        transform: { try LoadSettings.Ask($0) })
    var ask = LoadSettings().ask

    @Option(help: "the same seed makes the same sequence of executions")
    var seed = LoadSettings().seed

    @Flag(help: "settle nothing")
    var admitOnly = false

    @Option(help: .init("how long a reply may take", valueName: "seconds"))
    var timeout = Double(LoadSettings().timeoutMs) / 1_000

    @Option(help: "threads that make the load")
    var eventLoops = LoadSettings().eventLoops

    @Option(help: "text or json")
    var format = ReportFormat.text

    @Option(help: .init("write every exchange, for stint audit", valueName: "file"))
    var record: String?

    @Option(
        help: .init("write the latencies as HdrHistogram's percentile distribution, in ms", valueName: "file")
    )
    var hdr: String?

    func validate() throws {
        do throws(LoadError) {
            try settings.check()
        } catch {
            throw ValidationError(error.description)
        }
    }

    private var settings: LoadSettings {
        var settings = LoadSettings()
        if !target.isEmpty { settings.targets = target }
        settings.pace = rate.map { .open(perSecond: $0) } ?? .closed
        settings.connections = connections
        settings.eventLoops = eventLoops
        settings.accounts = accounts
        settings.skew = skew
        settings.durations = durations
        settings.ask = ask
        settings.seed = seed
        settings.admitsOnly = admitOnly
        settings.warmUpMs = Self.ms(warmUp)
        settings.durationMs = Self.ms(duration)
        settings.timeoutMs = Self.ms(timeout)
        return settings
    }

    /// A number out of all bounds for one that cannot be.
    private static func ms(_ seconds: Double) -> Int {
        seconds.magnitude < 1e12 ? Int((seconds * 1_000).rounded()) : .max
    }

    // MARK: Running

    func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: eventLoops)
        do {
            // Before the load: nobody wants to learn after it that there is no place for what was measured.
            let history = try record.map { try Self.create($0, for: "--record") }
            let histogram = try hdr.map { try Self.create($0, for: "--hdr") }
            let (report, recordProblem) = try await report(on: group, recordingTo: history)
            try await group.shutdownGracefully()
            try histogram?.write(contentsOf: Data(report.tally.latency.percentileText.utf8))
            try histogram?.close()
            try tell(report)
            if let recordProblem { throw LoadError(recordProblem) }
        } catch let error as LoadError {
            try await group.shutdownGracefully()
            Self.complain(error.description)
            throw ExitCode(1)
        }
    }

    /// - Returns: also why the record is not whole, if it is not.
    private func report(
        on group: MultiThreadedEventLoopGroup, recordingTo file: FileHandle?
    ) async throws -> (LoadReport, recordProblem: String?) {
        let history = file.map { file in HistoryWriter { try file.write(contentsOf: $0) } }
        let load = try await LoadRun.open(
            settings, group: group, history: history, wallNs: Int(Date().timeIntervalSince1970 * 1e9))
        var report = try await withThrowingTaskGroup(of: Bool.self) { tasks in
            tasks.addTask { await Self.stop(load) }
            tasks.addTask { try await Self.showProgress(of: load) }
            var report = try await load.report()
            tasks.cancelAll()
            while let wasStopped = try await tasks.next() {
                if wasStopped { report.wasInterrupted = true }
            }
            return report
        }
        do {
            report.recorded = try await history?.finish()
            try file?.close()
        } catch {
            return (report, "--record: \(record ?? "") is not whole: \(error.localizedDescription)")
        }
        return (report, nil)
    }

    private func tell(_ report: LoadReport) throws {
        switch format {
        case .text: print(report.text, terminator: "")
        case .json: print(report.json)
        }
        guard !report.isFine else { return }
        Self.complain(
            report.tally.answered == 0
                ? "nothing was measured"
                : "\(report.tally.failed) requests failed, \(report.tally.notSent) were not sent")
        throw ExitCode(1)
    }

    private static func complain(_ words: String) {
        FileHandle.standardError.write(Data("stint load: \(words)\n".utf8))
    }

    private static func create(_ path: String, for option: String) throws(LoadError) -> FileHandle {
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let file = FileHandle(forWritingAtPath: path)
        else {
            throw LoadError("\(option): cannot write \(path). Name a file in a folder that may be written")
        }
        return file
    }

    // MARK: While it runs

    /// Waits for the first Ctrl-C or SIGTERM.
    /// - Returns: whether it came before the load was over.
    private static func stop(_ load: LoadRun) async -> Bool {
        for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) {
            load.stop()
            return true
        }
        return false
    }

    /// One line a second that is written over the last one, on a terminal only.
    private static func showProgress(of load: LoadRun) async throws -> Bool {
        guard isatty(STDERR_FILENO) == 1 else { return false }
        var answered = 0
        let began = ContinuousClock.now
        for second in 1... {
            do {
                try await Task.sleep(until: began + .seconds(second))
            } catch {
                break
            }
            let tally = try await load.tally()
            let now = tally.answered + tally.warmUpAnswered
            let p99 = Double(tally.latency.us(atPercentile: 99)) / 1_000
            let line =
                "\(second) s: \(now - answered) requests/s, \(tally.denied) denied, \(tally.failed) failed, p99 \(p99) ms"
            answered = now
            FileHandle.standardError.write(Data("\r\u{1B}[K\(line)".utf8))
        }
        FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
        return false
    }
}
