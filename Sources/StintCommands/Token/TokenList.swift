// `stint token list`.

import Access
import ArgumentParser
import StintService

struct TokenList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the tokens' names, scopes, and the accounts to which they are bound.")

    @OptionGroup
    var place: TokenFileOption

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
