// `stint token create`.

import Access
import ArgumentParser
import StintService

struct TokenCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create a token, write its digest to the file, and print the token once.")

    @Option(help: .init("its owner, for logs and the audit log: \(TokenBook.Entry.nameRule)"))
    var name: String

    @Option(
        help: "what it opens: runner or admin, which includes runner; may be repeated",
        transform: { try TokenCreate.scope($0) })
    var scope: [Scope]

    @Option(
        help: "the accounts that a runner's token may name: \(AccountSet.rule) (default: all)",
        transform: { try TokenCreate.accounts($0) })
    var accounts: AccountSet?

    @OptionGroup
    var place: TokenFileOption

    func validate() throws {
        guard accounts == nil || !scope.contains(.admin) else {
            throw ValidationError(
                "--accounts: only for --scope runner, because admins may name every account")
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
                "--name must be \(TokenBook.Entry.nameRule), and a --scope is required")
        }
        try place.tokens.add(entry)
        Terminal.say(token.text)
        Terminal.warn(
            "The token is not shown again. It is in force once Stint starts or gets SIGHUP.")
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
