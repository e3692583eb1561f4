// `stint account forget`: an account begins with empty windows again.

import AdminClient
import ArgumentParser

struct AccountForget: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget", abstract: "Forget what an account was charged; the audit log says who did.")
    @Argument(help: "whose") var account: String
    @OptionGroup var options: AdminOptions

    func run() async throws {
        _ = try await options.withClient { try await $0.delete("v1", "accounts", account, "usage") }
        if options.format == .text { Terminal.say("\(account): forgotten") }
    }
}
