// `stint token`: creates, lists and revokes tokens in a file. The file holds digests; a token is
// shown once, when it is created.

import ArgumentParser

struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Create, list and revoke the tokens that a service accepts.",
        discussion: """
            stint serve --security-tokens FILE accepts the tokens of FILE. It reads the file again on SIGHUP; until then \
            a change is not in force.
            """,
        subcommands: [TokenCreate.self, TokenList.self, TokenRevoke.self])
}
