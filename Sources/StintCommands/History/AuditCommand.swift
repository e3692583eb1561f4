// `stint audit FILE`: checks a recorded history against the promise. Exit status 0 if the promise
// was kept, 1 if it was not or the file is not a valid history.

import ArgumentParser
import Audit
import Foundation
import WireFormat

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Check a recorded history: was any window over its limit, was anything charged twice?",
        discussion: """
            FILE has a line of JSON for each question and its reply; docs/HISTORY.md describes it. stint load, stint replay \
            and the tests record such files. Prints the fullest window of each limit. Exits with 0 if the promise was kept, \
            and with 1 if it was not or the file cannot be read.
            """)

    /// Bytes of one line.
    static let longestLine = 1 << 20

    @Argument(help: "the recorded history; - reads the standard input")
    var file: String

    @Option(
        help:
            "ms by which the ledger's clock may drift from the recorder's; beyond that the history proves nothing"
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
                        "\(error). The line has no end, so the recorder was cut off, and other lines may be missing: record again"
                    )
                }
                throw error
            }
        }
        guard !isEmpty else { throw HistoryError("the file is empty") }
        return try audit.report()
    }

    /// Calls `body` with every line that is not blank, and its number. The last line may be
    /// incomplete.
    private func eachLine(
        _ body: (ArraySlice<UInt8>, _ number: Int, _ isWhole: Bool) throws(HistoryError) -> Void
    ) throws {
        guard let input = file == "-" ? .standardInput : FileHandle(forReadingAtPath: file) else {
            throw HistoryError("cannot be opened. Name a file that exists and that you may read")
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
                throw HistoryError("invalid history: a line has more than \(Self.longestLine) bytes")
            }
        }
        if !rest.isEmpty { try body(rest[...], number + 1, false) }
    }
}
