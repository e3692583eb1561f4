// `stint audit FILE`: holds a recorded history against the promise. Exit status 0 when it was kept,
// 1 when it was not or the file is no history.

import ArgumentParser
import Audit
import Foundation
import WireFormat

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Check a recorded history: was any window over its limit, was anything charged twice?",
        discussion: """
            FILE has a line of JSON for each question and its reply, as docs/HISTORY.md describes; stint's own harness and \
            tests record such files. Prints the fullest window of each limit. Ends with 0 when the promise was kept, and \
            with 1 when it was not or the file cannot be read.
            """)

    /// Bytes of one line.
    static let longestLine = 1 << 20

    @Argument(help: "the recorded history; - reads the standard input")
    var file: String

    @Option(
        help:
            "ms by which the ledger's clock may move against the recorder's before the history is no evidence"
    )
    var clockTolerance = 1_000

    func validate() throws {
        guard clockTolerance >= 0 else {
            throw ValidationError("--clock-tolerance: \(clockTolerance) is below 0. Type a number of ms")
        }
    }

    func run() throws {
        do {
            let report = try audit()
            Terminal.write("\(printable(file)): \(report)")
            if !report.isKept { throw ExitCode(1) }
        } catch let error as HistoryError {
            Terminal.warn("\(file): \(error)")
            throw ExitCode(1)
        }
    }

    private func audit() throws -> AuditReport {
        var audit = Audit(clockToleranceMs: clockTolerance)
        var isEmpty = true
        try eachLine { line, number, isWhole throws(HistoryError) in
            isEmpty = false
            do throws(HistoryError) {
                try audit.read(line, line: number)
            } catch {
                guard isWhole else {
                    throw HistoryError(
                        "\(error). It has no end, so its recorder was cut off, and other lines may be missing: record anew"
                    )
                }
                throw error
            }
        }
        guard !isEmpty else { throw HistoryError("the file is empty") }
        return try audit.report()
    }

    /// Gives every line that is not blank, with its number; the last may lack its end.
    private func eachLine(
        _ body: (ArraySlice<UInt8>, _ number: Int, _ isWhole: Bool) throws(HistoryError) -> Void
    ) throws {
        guard let input = file == "-" ? .standardInput : FileHandle(forReadingAtPath: file) else {
            throw HistoryError("cannot be opened. Name a file that exists and may be read")
        }
        var rest: [UInt8] = []
        var number = 0
        while let data = try input.read(upToCount: 1 << 20), !data.isEmpty {
            rest += data
            var start = 0
            while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
                number += 1
                if end > start { try body(rest[start..<end], number, true) }
                start = end + 1
            }
            rest.removeFirst(start)
            guard rest.count <= Self.longestLine else {
                throw HistoryError("has a line of more than \(Self.longestLine) bytes, so it is no history")
            }
        }
        if !rest.isEmpty { try body(rest[...], number + 1, false) }
    }
}
