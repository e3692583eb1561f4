// The reply of the script that looks through account ledgers for their holds.

import Accounting
import NIOCore
import Redis

/// What the script that sweeps returned (`Scripts/Inspect/sweep.lua`).
struct Swept {
    struct Part {
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
    let parts: [Part]

    /// - Returns: nil when the script does not return this for so many accounts.
    init?(_ reply: RedisReply, accounts: Int) {
        guard case .array(let elements) = reply, elements.count == 2 + accounts,
            case .integer(let clock) = elements[0], case .bulk(let refusal) = elements[1]
        else { return nil }
        var parts: [Part] = []
        var lostRows = 0
        for element in elements.dropFirst(2) {
            guard case .array(let fields) = element, fields.count >= 3, case .bulk(let cursor) = fields[0],
                case .integer(let expired) = fields[1], case .integer(let lost) = fields[2]
            else { return nil }
            parts.append(
                Part(cursor: String(buffer: cursor), expired: Int(expired), holds: Array(fields.dropFirst(3)))
            )
            lostRows += Int(lost)
        }
        self.clock = Timestamp(ms: Int(clock))
        isRefused = refusal.readableBytes > 0
        self.lostRows = lostRows
        self.parts = parts
    }
}
