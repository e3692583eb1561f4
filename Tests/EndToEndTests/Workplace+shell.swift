// Scripts that run `stint`, for cases that need a shell: other outputs, variables, closed pipes.

import Checkout
import Foundation
import TestServers

extension Workplace {
    /// Runs a script of bash to its end. `$0` is the program, which is on PATH as `stint` too, `$1`
    /// this place's directory, and `$ROOT` that of the repository.
    func shell(
        _ script: String, name: String = "shell", isolation: isolated (any Actor)? = #isolation
    ) async throws -> (code: Int32?, output: String) {
        let log = file("\(name).log")
        if FileManager.default.fileExists(atPath: log) { try FileManager.default.removeItem(atPath: log) }
        let child = try shellChild(script, log: log)
        try await eventually("the script ends", within: Self.timeout) { !child.isRunning }
        guard case .exited(let code) = child.ending else { return (nil, contents(of: log)) }
        return (code, contents(of: log))
    }

    /// Starts a script of bash. Whoever does must stop it.
    func shellChild(_ script: String, log: String) throws -> ChildProcess {
        let binary = try Self.binary
        let head = "PATH=\"$(dirname \"$0\"):$PATH\"; ROOT='\(Checkout.root.path)'; "
        return try ChildProcess(
            ["bash", "-c", head + script, binary, file("")], log: log, lastSignal: "TERM")
    }
}
