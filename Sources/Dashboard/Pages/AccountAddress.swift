// Where an account's page is. Browsers take the segments `.` and `..` out of every path,
// percent-encoded or not, so these two accounts have theirs in the query.

public import Accounting

public enum AccountAddress {
    public static func hasPath(_ account: Account) -> Bool { account.name != "." && account.name != ".." }

    /// The bytes of an account need no encoding in a path or a query.
    public static func link(to account: String) -> String {
        account == "." || account == ".." ? "/accounts?account=\(account)" : "/accounts/\(account)"
    }
}
