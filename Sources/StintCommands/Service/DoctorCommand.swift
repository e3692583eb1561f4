// `stint doctor`: looks at a Redis before Stint serves with it, or when something is wrong. For
// people, and for CI by its exit status.

import ArgumentParser
import Foundation
import StintService
import WireFormat

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Examine your Redis: is it fit to serve with, and what is dangerous about it?",
        usage: "stint doctor --redis-url URL [--format text|json] [--config FILE] [--SETTING VALUE ...]",
        discussion: """
            It reads the settings of stint serve and connects in the same way. It changes nothing in Redis, apart from a key \
            of its own, which is gone at once. It exits with 0 if Stint can serve with this Redis (it may still warn), with 1 \
            if not, and with 64 if arguments or settings are invalid.
            """)

    @Option(help: "text or json")
    var format = ReportFormat.text

    @OptionGroup(title: "Settings")
    var flags: SettingFlags

    /// - Throws: `ValidationError`, so that an invalid setting is not taken for an unfit Redis.
    private func settings() throws -> Settings {
        let settings: Settings
        do {
            settings = try flags.settings(
                Environment.variables, isToServe: false, open: ServeCommand.open)
        } catch {
            throw ValidationError("\(error)")
        }
        guard settings.hasOwnRedis else {
            throw ValidationError(
                "redis.url: missing. Type: stint doctor --redis-url redis://HOST:PORT, or for the embedded "
                    + "Redis of a Stint that runs, --redis-url unix:///PATH/OF/data.dir/redis.sock")
        }
        return settings
    }

    func run() async throws {
        let examination = try await Assembly.examine(settings())
        switch format {
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            Terminal.show(json: try encoder.encode(examination))
        case .text: Terminal.write(ExaminationText(examination).text)
        }
        guard examination.isFit else { throw ExitCode.failure }
    }
}
