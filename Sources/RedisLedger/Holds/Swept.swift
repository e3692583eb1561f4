// The reply of the script that sweeps account ledgers.

import Accounting
import NIOCore
import Redis

/// What the sweep returned (`Scripts/Inspect/sweep.lua`).
struct Swept {
    struct Part {
        /// The cursor of the next call; "0": this was all.
        let cursor: String
        /// The number of expired holds that were deleted.
        let expired: Int
        /// The id and the field of each hold that is left, on request.
        let holds: [RedisReply]
    }

    let clock: Timestamp
    /// The server refuses rows for now, so expired holds stayed.
    let isRefused: Bool
    /// The number of holds that were deleted without a row.
    let lostRows: Int
    let parts: [Part]

    /// - Returns: nil if the script does not return this for so many accounts.
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
