// `stint account forget`: empties the windows of an account.

import AdminClient
import ArgumentParser

struct AccountForget: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget", abstract: "Forget the charges of an account; the audit log records it.")
    @Argument(help: "the account") var account: String
    @OptionGroup var options: AdminOptions

    func run() async throws {
        _ = try await options.withClient { try await $0.delete("v1", "accounts", account, "usage") }
        if options.format == .text { Terminal.say("\(account): charges forgotten") }
    }
}
