// Cuts a trace into pieces of some thousand rows, as a replay takes them.

import Accounting
import Traces

struct TraceBatches {
    struct Row: Hashable, Sendable {
        let offsetMs: Int
        /// The number of its account, by the order in which they appear.
        let account: Int
        /// 0 to 31 days; nil when it is not known.
        let durationMs: Int?
    }

    /// Some rows, one after the other.
    struct Batch: Sendable {
        var rows: [Row] = []
        /// The accounts that appear here first.
        var newAccounts: [String] = []
        /// Rows whose duration is beyond 31 days, and was taken as 31 days.
        var rowsCut = 0
        /// Whether there are no more.
        var isLast = false
        /// Why there are no more, when that is not the end of the trace.
        var problem: TraceError?
    }

    private var reader: TraceReader
    private let copies: Int
    private let rowsTogether: Int
    private var accounts = 0

    /// - Parameters:
    ///   - copies: of each account.
    ///   - rowsTogether: how many rows a batch has, unless it is the last.
    init(_ reader: consuming TraceReader, copies: Int, rowsTogether: Int = 4_096) {
        self.reader = reader
        self.copies = copies
        self.rowsTogether = rowsTogether
    }

    /// The next rows. Nothing is to be read after the last ones.
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

    /// The name of an account that was not there before.
    private mutating func newName(_ row: TraceRow) throws(TraceError) -> String {
        let name = reader.accounts[row.account]
        guard Account(AccountNames.name(name, copy: copies - 1, of: copies)) != nil else {
            let suffix = copies == 1 ? "" : ", with \":\(copies)\" at its end"
            throw TraceError(
                line: row.line, "account: the service takes \(Account.rule)\(suffix); rename it")
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
