// `stint simulate TRACE`: applies plans to recorded traffic, without a service.

import Accounting
import ArgumentParser
import Foundation
import LoadGeneration
import PlanSimulation
import StintService
import SystemPackage
import Traces

struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract:
            "Apply plans to a recorded trace in virtual time: who would have been denied, and how often?",
        discussion: """
            TRACE is CSV, plain or gzip, sorted by offset_ms, with the columns offset_ms,account,function,duration_ms. \
            The rule decides every row, without a service and as fast as possible. docs/LOAD.md describes the format, the \
            verdicts and the JSON. Exits with 0 even if executions were denied, and with 1 if the trace or the plans \
            cannot be read.
            """)

    @Argument(help: "the recorded trace; - reads the standard input")
    var trace: String

    @Option(help: ArgumentHelp("a plan file in YAML (default: the built-in plan)", valueName: "file"))
    var plans: String?

    @Option(
        name: .customLong("plan"),
        help: ArgumentHelp(
            "a plan of the file; may be repeated to compare plans (default: the file's default)",
            valueName: "name")
    )
    var planNames: [String] = []

    @Flag(
        help:
            "ask for the kind's ceiling and settle the recorded duration at its end, or charge that at the start"
    )
    var mode: ModeFlag = .settle

    @Option(help: "the kind of every execution (default: function, or the plan's only kind)")
    var kind: String?

    @Option(
        help: ArgumentHelp(
            "write every row with verdict,granted_ms,retry_after_ms, and with a column plan if there are several",
            valueName: "file"))
    var verdicts: String?

    @Option(help: "how many accounts with denials to name")
    var top = 10

    @Option(help: "text or json")
    var format: ReportFormat = .text

    func validate() throws {
        guard 0...10_000 ~= top else {
            throw ValidationError("--top: must be 0 to 10000, not \(top)")
        }
        if let verdicts, isSameFile(verdicts, trace) {
            throw ValidationError("--verdicts: \(verdicts) is the trace itself. Name another file")
        }
    }

    func run() throws {
        let chosen = try chosenPlans()
        var simulation = try Simulation(mode.mode, under: chosen, kind: kind)
        let report: SimulationReport
        do {
            var reader = try TraceFile(path: trace).reader()
            guard let verdicts else {
                return try print(simulation.play(&reader, top: top))
            }
            let output = try Self.open(verdicts)
            report = try output.closeAfter {
                let writer = try VerdictWriter(header: reader.header, plans: chosen) { bytes in
                    try output.writeAll(bytes)
                }
                return try simulation.play(&reader, to: writer, top: top)
            }
        } catch let error as TraceError {
            throw StartError(description: "\(trace): \(error)")
        } catch let error as Errno {
            throw StartError(description: "--verdicts: \(verdicts ?? "") cannot be written: \(error)")
        }
        try print(report)
    }

    private func print(_ report: SimulationReport) throws {
        switch format {
        case .text: Terminal.write("\(report)")
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            Terminal.show(json: try encoder.encode(report))
        }
    }

    private func chosenPlans() throws -> [Plan] {
        let book = try PlanSource(path: plans).read()
        guard !planNames.isEmpty else { return [book.defaultPlan] }
        return try planNames.map { name in
            guard let plan = book.plans[name] else {
                let known = book.plans.keys.sorted().joined(separator: ", ")
                throw StartError(description: "--plan: unknown plan '\(name)'. Type one of: \(known)")
            }
            return plan
        }
    }

    private static func open(_ path: String) throws -> FileDescriptor {
        try .open(
            FilePath(path), .writeOnly, options: [.create, .truncate],
            permissions: [.ownerReadWrite, .groupRead, .otherRead])
    }
}

/// The mode as two flags, `--settle` and `--charge-at-start`.
enum ModeFlag: EnumerableFlag {
    case settle
    case chargeAtStart

    var mode: SimulationMode {
        switch self {
        case .settle: .settle
        case .chargeAtStart: .chargeAtStart
        }
    }
}
