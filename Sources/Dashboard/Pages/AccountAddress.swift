// The address of an account's page. Browsers remove the segments `.` and `..` from every path,
// percent-encoded or not, so these two accounts are named in the query.

public import Accounting

public enum AccountAddress {
    public static func hasPath(_ account: Account) -> Bool { account.name != "." && account.name != ".." }

    /// The page's path. The characters of an account need no encoding in a path or a query.
    public static func link(to account: String) -> String {
        account == "." || account == ".." ? "/accounts?account=\(account)" : "/accounts/\(account)"
    }
}
