// The arguments that name one resource.

import AdminClient
import ArgumentParser

/// Whose thing it is, of which kind, and what it is called.
struct ResourceArguments: ParsableArguments {
    @Argument(help: "whose it is") var account: String
    @Argument(help: "a kind of the account's plan, such as secrets") var kind: String
    @Argument(help: "1 to 200 bytes without control characters") var name: String

    var path: String { AdminClient.path(["v1", "accounts", account, "resources", kind, name]) }
}
