// `stint token`: makes, lists and revokes tokens in a file. The file holds digests; a token is
// shown once, when it is made.

import Access
import ArgumentParser
import Foundation

struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make, list and revoke the tokens that a service accepts.",
        discussion: """
            stint serve --security-tokens FILE accepts the tokens of FILE, and reads it again on SIGHUP: nothing that \
            these commands do is in force before.
            """,
        subcommands: [Create.self, List.self, Revoke.self])

    struct Place: ParsableArguments {
        @Option(help: "the file of tokens")
        var file: String

        var tokens: TokenFile { TokenFile(path: file) }
    }

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token, write its digest to the file, and print it once.")

        @Option(help: .init("whose it is, for logs and the audit: \(TokenBook.Entry.nameRule)"))
        var name: String

        @Option(
            help: "what it may be used for: runner or admin, which includes runner; may be repeated",
            transform: { try Create.scope($0) })
        var scope: [Scope]

        @Option(
            help: "the accounts that a runner's token may speak for: \(AccountSet.rule). All unless given",
            transform: { try Create.accounts($0) })
        var accounts: AccountSet?

        @OptionGroup
        var place: Place

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
            Terminal.complain(
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

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show whose tokens there are, their scopes, and the accounts they are bound to.")

        @OptionGroup
        var place: Place

        func run() throws {
            let entries = try place.tokens.read().entries
            let width = entries.map(\.name.count).max() ?? 0
            for entry in entries {
                let scopes = Scope.allCases.filter(entry.scopes.contains).map(\.rawValue)
                let gap = String(repeating: " ", count: width - entry.name.count)
                let accounts = entry.accounts.map { "  \($0.text)" } ?? ""
                Terminal.say("\(entry.name)\(gap)  \(scopes.joined(separator: ","))\(accounts)")
            }
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take a token out of the file.")

        @Option(help: "whose it is")
        var name: String

        @OptionGroup
        var place: Place

        func run() throws {
            try place.tokens.remove(name)
            Terminal.complain("\(name) is out of the file. Its token is accepted until Stint gets SIGHUP.")
        }
    }
}
