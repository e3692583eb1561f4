// What an account must have been charged for, after a load: by the replies, by the ledger, and by
// asking for every execution again.

import StintClient
import TestServers
import WireFormat

/// What replies prove that an account is charged, and what its ledger has.
struct Books: CustomStringConvertible {
    let dueExecutions: Int
    let dueMs: Int
    let executions: Int
    let ms: Int
    /// How many questions were repeated, because nobody knew their outcome,
    let repeated: Int
    /// and how many of them had been carried out.
    let applied: Int

    var isBalanced: Bool { executions == dueExecutions && ms == dueMs }

    var description: String {
        let sums = isBalanced ? "" : ", and not \(dueExecutions), \(dueMs) ms"
        return "\(repeated) repeated (\(applied) had been applied), \(executions) ids charged once, \(ms) ms"
            + sums
    }
}

extension Load {
    /// Repeats what nobody knows the outcome of, and holds what is charged then against what was
    /// asked: every id once, with what it used when that was told and its grant when not. No grant
    /// may be partial, and the plan's limits are called `executions` and `time`.
    func books(of account: String, from attempts: [Attempt]) async throws -> Books {
        let own = attempts.filter { $0.account == account }
        // What was not applied is charged to nobody, or the books show it.
        let open = own.filter { $0.isOpen && !$0.words.contains("nothing was applied") }
        let again = try await each(open) { try await repeated($0) }
        var chargedMs: [String: Int] = [:]
        for attempt in own + again where attempt.isAdmitted {
            if case .admit(let request, _) = attempt.line.exchange {
                chargedMs[attempt.id] = request.maxDurationMs
            }
        }
        for attempt in own + again where !attempt.isOpen {
            if case .settle(let id, let request, _) = attempt.line.exchange {
                chargedMs[id] = request.durationMs
            }
        }
        return Books(
            dueExecutions: chargedMs.count, dueMs: chargedMs.values.reduce(0, +),
            executions: try await client.used(of: "executions", by: account),
            ms: try await client.used(of: "time", by: account),
            repeated: open.count, applied: again.count { $0.status == ($0.isAdmission ? 200 : 404) })
    }

    /// Asks once more for every execution that was admitted, and for which no settlement was sent.
    /// - Returns: the ids that are not held any more.
    func forgotten(_ account: String, of attempts: [Attempt]) async throws -> [String] {
        let own = attempts.filter { $0.account == account }
        let settled = Set(own.filter { !$0.isAdmission }.map(\.id))
        let admitted = own.filter { $0.isAdmission && $0.isAdmitted && !settled.contains($0.id) }
        let again = try await each(admitted) { try await repeated($0) }
        return again.filter { $0.status != 200 }.map(\.id)
    }

    /// Does something with every attempt, as many at a time as there are runners.
    private func each(
        _ attempts: [Attempt], _ body: @escaping @Sendable (Attempt) async throws -> Attempt?
    ) async throws -> [Attempt] {
        try await withThrowingTaskGroup(of: [Attempt].self) { group in
            for part in 0..<runners {
                group.addTask {
                    var results: [Attempt] = []
                    for index in stride(from: part, to: attempts.count, by: runners) {
                        if let result = try await body(attempts[index]) { results.append(result) }
                    }
                    return results
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    /// Repeats one question until it is answered; a busy machine may miss the deadline once more.
    private func repeated(_ attempt: Attempt) async throws -> Attempt? {
        var last: Attempt?
        try await eventually("\(attempt.id) is answered", within: Workplace.timeout) {
            let again: Attempt
            switch attempt.line.exchange {
            case .peek: return true
            case .settle(let id, let request, _):
                again = await settle(attempt.account, id: id, request.durationMs)
            case .admit(let request, _):
                again = await admit(attempt.account, id: attempt.id, request.maxDurationMs ?? 0)
            }
            last = again
            return !again.isOpen
        }
        return last
    }
}

extension Load.Attempt {
    /// Answered as charged, now or before.
    var isAdmitted: Bool { isAdmission && (status == 201 || status == 200) }
}
