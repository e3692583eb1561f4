// `stint token`: makes, lists and revokes tokens in a file. The file holds digests; a token is
// shown once, when it is made.

import ArgumentParser

struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make, list and revoke the tokens that a service accepts.",
        discussion: """
            stint serve --security-tokens FILE accepts the tokens of FILE, and reads it again on SIGHUP: nothing that \
            these commands do is in force before.
            """,
        subcommands: [TokenCreate.self, TokenList.self, TokenRevoke.self])
}
