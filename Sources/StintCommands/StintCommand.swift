// The command line's front door. Each subcommand lives in a file of its own; nothing is decided
// here but how an error is shown.

package import ArgumentParser
import Foundation
import StintService
import WireFormat

package struct StintCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "stint",
        abstract: "Rate limits and quotas for function runners, strict to the millisecond.",
        version: Version.text,
        subcommands: [
            ServeCommand.self, HealthCommand.self, TokenCommand.self, PlanCommand.self, AccountCommand.self,
            ResourcesCommand.self,
            LoadCommand.self,
            ReplayCommand.self, SimulateCommand.self, AuditCommand.self,
        ])

    package init() {}

    /// As the parser's own, but what is said about an error is printable: names, files and replies
    /// stand in it.
    package static func main() async {
        StandardOutput.checkAtExit()
        do {
            var command = try await asyncParseAsRoot()
            try await run(&command)
        } catch {
            let status = exitCode(for: error)
            // Asked for: help, the version.
            guard status != .success else { exit(withError: error) }
            // With the usage, if the arguments were wrong.
            let text = printable(fullMessage(for: error), keepingLines: true)
            if !text.isEmpty { try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8)) }
            let endsWithOne = endingWithOne.contains(CommandLine.arguments.dropFirst().first ?? "")
            Foundation.exit(endsWithOne ? ExitCode.failure.rawValue : status.rawValue)
        }
    }

    /// What starts or watches Stint gets 1 from these for all that is wrong, arguments among it.
    private static let endingWithOne: Set<String> = ["serve", "health"]

    /// - Throws: the parser's errors as they are, any other as one line.
    private static func run(_ command: inout any ParsableCommand) async throws {
        do {
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            // Help that was asked for comes as an error too, and so does what says how a command is
            // used.
            if error is ExitCode || exitCode(for: error) != .failure { throw error }
            throw StartError(description: printable(message(for: error)))
        }
    }
}
