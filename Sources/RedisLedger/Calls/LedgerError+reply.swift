// What an error that a server gives to a call means for its questions.

import Accounting
import Redis

extension LedgerError {
    /// The script reads all that it might trip over before its first write, and renews an account
    /// ledger's time to live before it changes it. So a right that is missing is noticed before
    /// anything was written, except about an account whose turn came before in the same call.
    /// - Parameter accounts: how many the call was about.
    init(_ reply: ErrorReply, toAccounts accounts: Int) {
        let mayHaveWritten = reply.isFromScript && reply.code == "NOPERM" && accounts > 1
        if reply.isRefusal && !mayHaveWritten {
            self = .notApplied("Redis refuses: \(reply.text)")
        } else {
            self = .outcomeUnknown("the script failed: \(reply.text)")
        }
    }
}
