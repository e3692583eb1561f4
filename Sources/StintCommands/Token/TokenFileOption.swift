// The option that names the file of tokens.

import ArgumentParser
import StintService

struct TokenFileOption: ParsableArguments {
    @Option(help: "the file of tokens")
    var file: String

    var tokens: TokenFile { TokenFile(path: file) }
}
