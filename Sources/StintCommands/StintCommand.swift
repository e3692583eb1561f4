// The root command. Each subcommand has its own file; this one decides only how an error is shown.

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
            ServeCommand.self, HealthCommand.self, DoctorCommand.self, TokenCommand.self, PlanCommand.self,
            AccountCommand.self,
            ResourcesCommand.self,
            LoadCommand.self,
            ReplayCommand.self, SimulateCommand.self, AuditCommand.self,
        ])

    package init() {}

    /// Like the parser's `main`, but makes the text of an error printable, because it contains
    /// names, files and replies.
    package static func main() async {
        StandardOutput.checkAtExit()
        do {
            var command = try await asyncParseAsRoot()
            try await run(&command)
        } catch {
            let status = exitCode(for: error)
            // The user asked for help or the version.
            guard status != .success else { exit(withError: error) }
            // Includes the usage if the arguments were invalid.
            let text = printable(fullMessage(for: error), keepingLines: true)
            if !text.isEmpty { try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8)) }
            let endsWithOne = endingWithOne.contains(CommandLine.arguments.dropFirst().first ?? "")
            Foundation.exit(endsWithOne ? ExitCode.failure.rawValue : status.rawValue)
        }
    }

    /// These commands exit with 1 for every error, including invalid arguments, because programs
    /// start or watch Stint with them.
    private static let endingWithOne: Set<String> = ["serve", "health"]

    /// - Throws: the parser's errors unchanged, any other as one line.
    private static func run(_ command: inout any ParsableCommand) async throws {
        do {
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            // A request for help is an error too, and so is a hint at the usage.
            if error is ExitCode || exitCode(for: error) != .failure { throw error }
            throw StartError(description: printable(message(for: error)))
        }
    }
}
