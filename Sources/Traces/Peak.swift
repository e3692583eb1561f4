// The fullest window of a limit.

/// The most that counted against a limit at any instant, among all accounts.
package struct Peak {
    /// A count or ms.
    package var used = 0
    /// The account's number.
    package var account = 0
    /// When it was first reached.
    package var offsetMs = 0

    package init(used: Int = 0, account: Int = 0, offsetMs: Int = 0) {
        self.used = used
        self.account = account
        self.offsetMs = offsetMs
    }
}
