// `stint serve`: reads the settings, and hands over to `Assembly`, which builds and runs the
// service.

import ArgumentParser
import Foundation
import Logging
import PlanText
import StintService

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Answer runners: admit, settle and peek.",
        usage: "stint serve [--config FILE] [--SETTING VALUE ...]",
        discussion: Settings.help)

    // Every flag is a row of Settings.table, so the parser only hands them over.
    @Argument(parsing: .allUnrecognized, help: .hidden)
    var flags: [String] = []

    func run() async throws {
        let settings = try SettingsReader.read(
            arguments: flags, environment: ProcessInfo.processInfo.environment, open: Self.open)
        try await Assembly.run(settings)
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
