// The reply of the script that looks through pages for their holds.

import Accounting
import NIOCore
import Redis

/// What the script that sweeps returned (`Scripts/Inspect/sweep.lua`).
struct Swept {
    struct Page {
        /// Of the next call; "0": this was all.
        let cursor: String
        /// Holds that expired and went.
        let expired: Int
        /// Each hold that is left and was wanted: its id and its field.
        let holds: [RedisReply]
    }

    let clock: Timestamp
    /// The server takes no rows now, so holds stayed.
    let isRefused: Bool
    /// Holds that went without a row.
    let lostRows: Int
    let pages: [Page]

    /// - Returns: nil when the script does not return this for so many accounts.
    init?(_ reply: RedisReply, accounts: Int) {
        guard case .array(let parts) = reply, parts.count == 2 + accounts,
            case .integer(let clock) = parts[0], case .bulk(let refusal) = parts[1]
        else { return nil }
        var pages: [Page] = []
        var lostRows = 0
        for part in parts.dropFirst(2) {
            guard case .array(let page) = part, page.count >= 3, case .bulk(let cursor) = page[0],
                case .integer(let expired) = page[1], case .integer(let lost) = page[2]
            else { return nil }
            pages.append(
                Page(cursor: String(buffer: cursor), expired: Int(expired), holds: Array(page.dropFirst(3))))
            lostRows += Int(lost)
        }
        self.clock = Timestamp(ms: Int(clock))
        isRefused = refusal.readableBytes > 0
        self.lostRows = lostRows
        self.pages = pages
    }
}
