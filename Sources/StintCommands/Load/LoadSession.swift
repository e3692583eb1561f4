// Runs one load for a command: its files, its progress line, Ctrl-C, its report and its exit
// status.

import ArgumentParser
import Foundation
import LoadGeneration
import NIOCore
import NIOPosix
import StintService
import UnixSignals

struct LoadSession {
    /// The command's name after `stint`.
    let command: String
    let settings: LoadSettings
    let options: LoadOptions

    /// - Parameter trace: the trace to replay; nil: no replay.
    func run(trace: TraceFeed? = nil) async throws {
        DescriptorLimit.raise()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: settings.eventLoops)
        do {
            // Creates the files before the load, so that an invalid path does not cost a result.
            let history = try options.record.map { try Self.create($0, for: "--record") }
            let histogram = try options.hdr.map { try Self.create($0, for: "--hdr") }
            let (report, recordProblem) = try await report(trace, on: group, recordingTo: history)
            try await group.shutdownGracefully()
            try histogram?.write(contentsOf: Data(report.tally.latency.percentileText.utf8))
            try histogram?.close()
            try output(report)
            if let recordProblem { throw LoadError(recordProblem) }
        } catch let error as LoadError {
            try await group.shutdownGracefully()
            warn(error.description)
            throw ExitCode(1)
        }
    }

    /// - Returns: the report, and why the record is incomplete, if it is.
    private func report(
        _ trace: TraceFeed?, on group: MultiThreadedEventLoopGroup, recordingTo file: FileHandle?
    ) async throws -> (LoadReport, recordProblem: String?) {
        let history = file.map { file in HistoryWriter { try file.write(contentsOf: $0) } }
        let load = try await LoadRun.open(
            settings, group: group, trace: trace, history: history,
            wallNs: Int(Date().timeIntervalSince1970 * 1e9))
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
            return (report, "--record: \(options.record ?? "") is incomplete: \(error.localizedDescription)")
        }
        return (report, nil)
    }

    private func output(_ report: LoadReport) throws {
        switch options.format {
        case .text: Terminal.write(String(report.text.dropLast()))
        case .json: Terminal.show(json: report.json.utf8)
        }
        guard !report.isFine else { return }
        if let replay = report.replay, let problem = replay.problem {
            warn("the rest of the trace was not replayed: \(problem)")
            throw ExitCode(1)
        }
        warn(
            report.tally.answered == 0
                ? "nothing was measured"
                : "\(report.tally.failed) requests failed, \(report.tally.notSent) were not sent")
        throw ExitCode(1)
    }

    private func warn(_ message: String) {
        Terminal.warn("stint \(command): \(message)")
    }

    private static func create(_ path: String, for option: String) throws(LoadError) -> FileHandle {
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let file = FileHandle(forWritingAtPath: path)
        else {
            throw LoadError("\(option): cannot write \(path). Name a file in a folder that you may write")
        }
        return file
    }

    // MARK: While it runs

    /// Waits for the first Ctrl-C or SIGTERM.
    /// - Returns: whether it came before the load ended.
    private static func stop(_ load: LoadRun) async -> Bool {
        for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) {
            load.stop()
            return true
        }
        return false
    }

    /// Writes one line a second over the previous one, on a terminal only.
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
