// Splits a trace into batches of some thousand rows for a replay.

import Accounting
import Traces

struct TraceBatches {
    struct Row: Hashable, Sendable {
        let offsetMs: Int
        /// The number of its account, in the order of first appearance.
        let account: Int
        /// 0 to 31 days; nil: unknown.
        let durationMs: Int?
    }

    /// Consecutive rows.
    struct Batch: Sendable {
        var rows: [Row] = []
        /// The accounts that appear here for the first time.
        var newAccounts: [String] = []
        /// The rows with a duration beyond 31 days, which was cut to 31 days.
        var rowsCut = 0
        /// Whether it is the last batch.
        var isLast = false
        /// The error that ended the trace early; nil: none.
        var problem: TraceError?
    }

    private var reader: TraceReader
    private let copies: Int
    private let rowsTogether: Int
    private var accounts = 0

    /// - Parameters:
    ///   - reader: the trace.
    ///   - copies: the copies of each account.
    ///   - rowsTogether: the rows of every batch but the last.
    init(_ reader: consuming TraceReader, copies: Int, rowsTogether: Int = 4_096) {
        self.reader = reader
        self.copies = copies
        self.rowsTogether = rowsTogether
    }

    /// The next rows. Do not call it after the last batch.
    mutating func next() -> Batch {
        var batch = Batch()
        do throws(TraceError) {
            while batch.rows.count < rowsTogether {
                guard let row = try reader.next() else {
                    batch.isLast = true
                    break
                }
                if row.account == accounts { batch.newAccounts.append(try newName(row)) }
                let durationMs = row.durationMs.map { min($0, Bounds.durationMs.upperBound) }
                if durationMs != row.durationMs { batch.rowsCut += 1 }
                batch.rows.append(
                    Row(offsetMs: row.offsetMs, account: row.account, durationMs: durationMs))
            }
        } catch {
            batch.problem = error
            batch.isLast = true
        }
        return batch
    }

    /// The name of a new account.
    private mutating func newName(_ row: TraceRow) throws(TraceError) -> String {
        let name = reader.accounts[row.account]
        guard Account(AccountNames.name(name, copy: copies - 1, of: copies)) != nil else {
            let suffix = copies == 1 ? "" : ", with \":\(copies)\" at its end"
            throw TraceError(
                line: row.line, "account: must be \(Account.rule)\(suffix); rename it")
        }
        accounts += 1
        guard accounts * copies <= TraceReader.mostAccounts else {
            throw TraceError(
                line: row.line,
                "\(accounts) accounts with \(copies) copies each are more than \(TraceReader.mostAccounts); "
                    + "make fewer copies")
        }
        return name
    }
}
