// The fullest window of a limit.

/// The most that counted of a limit at any instant, among all accounts.
struct Peak {
    /// A count or ms.
    var used = 0
    /// The account's number.
    var account = 0
    /// When it was reached first.
    var offsetMs = 0
}
