// `stint token revoke`.

import ArgumentParser
import StintService

struct TokenRevoke: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Take a token out of the file.")

    @Option(help: "whose it is")
    var name: String

    @OptionGroup
    var place: TokenFileOption

    func run() throws {
        try place.tokens.remove(name)
        Terminal.warn("\(name) is out of the file. Its token is accepted until Stint gets SIGHUP.")
    }
}
