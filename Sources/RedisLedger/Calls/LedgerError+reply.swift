// What a server's error for a call means for its questions.

import Accounting
import Redis

extension LedgerError {
    /// The script reads everything that it might fail on before its first write, and renews an
    /// account ledger's time to live before it changes it. So a missing right is noticed before
    /// anything is written, except for accounts that came earlier in the same call.
    /// - Parameter accounts: the number of accounts in the call.
    init(_ reply: ErrorReply, toAccounts accounts: Int) {
        let mayHaveWritten = reply.isFromScript && reply.code == "NOPERM" && accounts > 1
        if reply.isRefusal && !mayHaveWritten {
            self = .notApplied("Redis refuses: \(reply.text)")
        } else {
            self = .outcomeUnknown("the script failed: \(reply.text)")
        }
    }
}
