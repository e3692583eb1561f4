// `stint token revoke`.

import ArgumentParser
import StintService

struct TokenRevoke: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Remove a token from the file.")

    @Option(help: "the token's name")
    var name: String

    @OptionGroup
    var place: TokenFileOption

    func run() throws {
        try place.tokens.remove(name)
        Terminal.warn("\(name): removed from the file. Stint accepts the token until it gets SIGHUP.")
    }
}
