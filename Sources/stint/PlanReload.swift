// SIGHUP reads the plan file again: good plans are in force on every event loop a moment later, bad ones are
// refused with the line and the reason, and the old ones stay.

import Accounting
import Foundation
import Logging
import RunnerAPI
import ServiceLifecycle
import UnixSignals

/// Where plans come from: a file, or the built-in plan.
struct PlanSource: Sendable {
    let path: String?

    /// - Throws: an error whose description begins with the file's name.
    func read() throws -> PlanBook {
        guard let path else { return try PlanBook.builtIn() }
        let text: String
        do {
            text = try YAMLFile.text(at: path)
        } catch let error as YAMLError {
            throw error
        } catch {
            throw StartError(description: "\(path): cannot be read: \(error.localizedDescription)")
        }
        return try PlanFile.read(text, named: path)
    }
}

struct PlanReload: Service {
    let source: PlanSource
    let runner: RunnerServer
    let logger: Logger

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            await reload()
        }
    }

    private func reload() async {
        do {
            let plans = try source.read()
            try await runner.replace(plans: plans)
            logger.info(
                "plans read again",
                metadata: ["file": "\(source.path ?? "built in")", "plan": "\(plans.standard.name)"])
        } catch {
            logger.error("plans refused; the old ones stay", metadata: ["reason": "\(error)"])
        }
    }
}
