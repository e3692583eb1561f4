// `stint serve`: reads the settings and calls `Assembly`, which builds and runs the service.

import ArgumentParser
import Foundation
import Logging
import PlanText
import StintService

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the service: the runner API and the admin API.",
        usage: "stint serve [--config FILE] [--SETTING VALUE ...]",
        discussion: Settings.precedence)

    @OptionGroup(title: "Settings")
    var flags: SettingFlags

    func run() async throws {
        try await Assembly.run(flags.settings(Environment.variables, open: Self.open))
    }

    static func open(_ path: String) throws(SettingsError) -> String {
        do {
            return try YAMLFile.text(at: path)
        } catch let error as YAMLError {
            throw SettingsError(description: "\(error)")
        } catch {
            throw SettingsError(description: "\(path): cannot be read: \(error.localizedDescription)")
        }
    }
}
