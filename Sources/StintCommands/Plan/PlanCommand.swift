// `stint plan ...`: the plans of a running Stint, through its admin API.

import Accounting
import ArgumentParser
import Foundation
import PlanText
import StintService

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "List, show, put, delete and check plans.",
        subcommands: [
            PlanList.self, PlanShow.self, PlanPut.self, PlanDelete.self, PlanDefault.self, PlanCheck.self,
        ])
}

extension PlanCommand {
    /// Writes warnings about valid plans to the standard error.
    static func warn(_ warnings: [some CustomStringConvertible], of what: String) {
        for warning in warnings { Terminal.warn("\(what): warning: \(warning)") }
    }

    /// - Throws: an error with file, line and column.
    static func plans(in file: String) throws -> [Plan] {
        guard file == "-" else { return try PlanFile.plans(PlanSource.text(at: file), named: file) }
        let name = "standard input"
        return try PlanFile.plans(YAMLFile.text(from: .standardInput, named: name), named: name)
    }
}
