// The arguments that name one resource.

import AdminClient
import ArgumentParser

/// The account, the kind and the name of a resource.
struct ResourceArguments: ParsableArguments {
    @Argument(help: "the account") var account: String
    @Argument(help: "a resource of the account's plan, such as secrets") var kind: String
    @Argument(help: "its name, 1 to 200 bytes without control characters") var name: String

    var path: String { AdminClient.path(["v1", "accounts", account, "resources", kind, name]) }
}
