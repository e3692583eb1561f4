// Plans in force written back to a Redis that was emptied: by one of the processes that have them,
// and only while nobody has begun anew. What came meanwhile is not overwritten.

import Accounting
import PlanText
import Redis
import WireFormat

extension PlanStore {
    /// Overrides that go to Redis in one call.
    private static let together = 500

    /// - Parameters:
    ///   - kept: what was read last.
    ///   - reading: what of it is in force.
    /// - Returns: false when somebody else did it, or plans were begun anew; nothing more is
    ///   written then.
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
        default: throw RedisError.unexpected("no word that the script returns")
        }
    }
}
