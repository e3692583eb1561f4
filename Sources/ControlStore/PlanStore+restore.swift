// Writes the plans in force back to a Redis that was emptied. One of the processes that have them
// does it, and only if Redis has no new plans. It does not overwrite what came meanwhile.

import Accounting
import PlanText
import Redis
import WireFormat

extension PlanStore {
    /// The number of overrides written in one call.
    private static let together = 500

    /// - Parameters:
    ///   - kept: what was read last.
    ///   - reading: the part of it that is in force.
    /// - Returns: false if another process did it, or Redis has new plans; then nothing more is
    ///   written.
    public func restore(_ kept: StoredPlans, _ reading: StoredPlans.Reading) async throws -> Bool {
        let revision = String(kept.revision ?? 0)
        let expired = Set(reading.expired.map(\.account))
        var texts: [AccountOverride: String] = [:]
        var arguments: [String] = []
        for (account, override) in kept.overrides where !expired.contains(account) {
            let text = try texts[override] ?? OverrideBody(override).text
            texts[override] = text
            arguments += [account.name, text, override.plan ?? ""]
            if arguments.count == 3 * Self.together {
                guard try await isDone("restore-overrides", "", revision, arguments) else { return false }
                arguments = []
            }
        }
        if !arguments.isEmpty {
            guard try await isDone("restore-overrides", "", revision, arguments) else { return false }
        }
        arguments = [kept.imported ?? "", revision]
        for plan in reading.book.plans.values.sorted(by: { $0.name < $1.name }) {
            arguments += [plan.name, try PlanBody(plan).text]
        }
        return try await isDone("restore", kept.life ?? "", reading.book.defaultPlan.name, arguments)
    }

    private func isDone(
        _ operation: String, _ name: String, _ text: String, _ more: [String]
    ) async throws -> Bool {
        switch try await run(operation, "stint", name, .none, text, more).first?.text {
        case "done": return true
        case "begun": return false
        default: throw RedisError.unexpected("the script returned an unknown word")
        }
    }
}
