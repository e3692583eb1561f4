// `stint token create`.

import Access
import ArgumentParser
import StintService

struct TokenCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a token, write its digest to the file, and print it once.")

    @Option(help: .init("whose it is, for logs and the audit: \(TokenBook.Entry.nameRule)"))
    var name: String

    @Option(
        help: "what it may be used for: runner or admin, which includes runner; may be repeated",
        transform: { try TokenCreate.scope($0) })
    var scope: [Scope]

    @Option(
        help: "the accounts that a runner's token may speak for: \(AccountSet.rule). All unless given",
        transform: { try TokenCreate.accounts($0) })
    var accounts: AccountSet?

    @OptionGroup
    var place: TokenFileOption

    func validate() throws {
        guard accounts == nil || !scope.contains(.admin) else {
            throw ValidationError("--accounts goes with --scope runner only: admins speak for everybody")
        }
    }

    func run() throws {
        var random = SystemRandomNumberGenerator()
        let token = Token(random: &random)
        guard
            let entry = TokenBook.Entry(
                name: name, scopes: Set(scope), accounts: accounts, digest: token.digest)
        else {
            throw ValidationError(
                "--name must be \(TokenBook.Entry.nameRule), and there must be a --scope")
        }
        try place.tokens.add(entry)
        Terminal.say(token.text)
        Terminal.warn(
            "This is the only time that it is shown. In force when Stint starts, or gets SIGHUP.")
    }

    private static func scope(_ text: String) throws -> Scope {
        guard let scope = Scope(rawValue: text) else { throw ValidationError("Type runner or admin") }
        return scope
    }

    private static func accounts(_ text: String) throws -> AccountSet {
        guard let accounts = AccountSet(text) else { throw ValidationError("Type \(AccountSet.rule)") }
        return accounts
    }
}
