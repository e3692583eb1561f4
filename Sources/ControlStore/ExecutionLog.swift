// The log of an account's executions, read newest first in bounded pieces. The ledger's script
// writes it.

public import Accounting
public import Redis

extension ControlStore {
    /// The execution logs of accounts.
    public var executions: ExecutionLog { ExecutionLog(redis: redis, keys: keys) }
}

public struct ExecutionLog: Sendable {
    /// The maximum number of rows that one page reads: then it ends, full or not.
    public static let maximumScan = 10_000
    /// Rows older than this, in ms, are not shown, and are deleted when the account ledger is
    /// renewed: 90 days.
    public static let keptMs = Bounds.logLifeMs
    /// The number of rows read at once.
    private static let chunk = 1_000

    /// Which rows to return; nil fields match all.
    public struct Filter: Equatable, Sendable {
        public var function: String?
        public var outcome: LoggedOutcome?
        /// When it was settled or its expiry was found: at or after this instant...
        public var from: Timestamp?
        /// ... and before this.
        public var to: Timestamp?

        public init(
            function: String? = nil, outcome: LoggedOutcome? = nil, from: Timestamp? = nil,
            to: Timestamp? = nil
        ) {
            self.function = function
            self.outcome = outcome
            self.from = from
            self.to = to
        }

        func takes(_ row: LoggedExecution) -> Bool {
            (function == nil || row.label.function == function) && (outcome == nil || row.outcome == outcome)
        }
    }

    public struct Page: Equatable, Sendable {
        /// Newest first.
        public var rows: [LoggedExecution]
        /// Older rows were not read: pass this as `before` to get them. Nil: there are none.
        public var next: StreamID?

        public init(rows: [LoggedExecution], next: StreamID?) {
            self.rows = rows
            self.next = next
        }
    }

    let redis: RedisClient
    let keys: ControlKeys

    /// A page of rows, newest first. It may end before it is full, with `next` (``maximumScan``).
    /// - Parameters:
    ///   - account: the account.
    ///   - filter: which rows to return.
    ///   - before: only older rows are returned.
    ///   - limit: the maximum number of rows; 1 or more.
    public func page(
        of account: Account, _ filter: Filter = Filter(), before: StreamID? = nil, limit: Int
    ) async throws(RedisError) -> Page {
        let oldest = max(try await redis.now.ms - Self.keptMs, filter.from?.ms ?? 0, 0)
        var page = Page(rows: [], next: before)
        var scanned = 0
        repeat {
            guard let newest = Self.newest(before: page.next, to: filter.to) else {
                page.next = nil
                return page
            }
            let count = min(Self.chunk, Self.maximumScan - scanned)
            let entries = try await redis.call([
                "XREVRANGE", keys.executions(of: account), newest, String(oldest), "COUNT", String(count),
            ]).elements
            for (index, entry) in entries.enumerated() {
                let row = try LoggedExecution(entry)
                page.next = row.cursor
                guard filter.takes(row) else { continue }
                page.rows.append(row)
                if page.rows.count == limit {
                    if index + 1 == entries.count, entries.count < count { page.next = nil }
                    return page
                }
            }
            scanned += entries.count
            if entries.count < count {
                page.next = nil
                return page
            }
        } while scanned < Self.maximumScan
        return page
    }

    /// The newest end of the range for XREVRANGE; nil if the range is empty.
    private static func newest(before cursor: StreamID?, to: Timestamp?) -> String? {
        if let to, to.ms <= cursor?.ms ?? .max { return to.ms > 0 ? String(to.ms - 1) : nil }
        guard let cursor else { return "+" }
        // Redis rejects a range before the first possible id.
        return cursor.ms > 0 || cursor.number > 0 ? "(\(cursor)" : nil
    }
}
