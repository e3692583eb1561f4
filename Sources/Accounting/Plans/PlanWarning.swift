// Warnings about valid plans that never admit a typical ask. They follow from the rule on an empty
// window: an ask needs one execution, and at least the smaller of its duration and the minimum
// grant.

/// A field because of which the plan never admits the usual ask, or never grants it in full.
public struct PlanWarning: Equatable, Sendable, CustomStringConvertible {
    /// The path of the field within its plan, such as `limits[1].amount`.
    public let field: String
    public let reason: String

    public var description: String { "\(field): \(reason)" }
}

extension Plan {
    /// Empty exactly if, on an empty window, the plan admits every ask within the ceilings that
    /// names no minimum grant, and grants it in full if its kind has a ceiling on duration.
    public var warnings: [PlanWarning] {
        var warnings: [PlanWarning] = []
        if let kinds, kinds.isEmpty {
            warnings.append(
                PlanWarning(
                    field: "kinds",
                    reason: "is empty, so every execution is rejected; leave it out to accept any kind"))
        }
        for (index, limit) in limits.enumerated() {
            if limit.amount == 0 {
                warnings.append(
                    PlanWarning(
                        field: "limits[\(index)].amount", reason: "is 0, so every ask is denied"))
            } else {
                warnings += limit.meter.choose(executions: [], executionTime: self.warnings(of: limit))
                warnings += shareWarning(of: index)
            }
        }
        return warnings
    }

    /// - Parameter index: of a limit, not 0.
    private func shareWarning(of index: Int) -> [PlanWarning] {
        guard let share = share?.limits[index] else { return [] }
        let least = share.meter.choose(executions: 1, executionTime: minimumGrantMs)
        if share.amount >= least { return [] }
        let unit = share.meter.choose(executions: "executions", executionTime: "ms")
        return [
            PlanWarning(
                field: "whenUnavailable.admit.share",
                reason: "leaves \(share.amount) \(unit) of the limit '\(share.name)': "
                    + "too few to admit anything while the ledger cannot answer")
        ]
    }

    /// - Parameter limit: a limit on execution time, not 0.
    private func warnings(of limit: Limit) -> [PlanWarning] {
        let isTooSmall = minimumGrantMs > limit.amount
        guard let kinds else { return isTooSmall ? [neverFits(limit, "asks for more than that")] : [] }
        let long = kinds.filter { ($0.value.maxDurationMs ?? .max) > limit.amount }.sorted { $0.key < $1.key }
        if isTooSmall {
            let names = long.map(\.key).joined(separator: ", ")
            return long.isEmpty ? [] : [neverFits(limit, "asks for more than that, of the kinds \(names),")]
        }
        return long.compactMap { kind, ceiling in
            guard let durationMs = ceiling.maxDurationMs else { return nil }
            return PlanWarning(
                field: "kinds.\(kind).maxDurationMs",
                reason: "is \(durationMs), and the limit '\(limit.name)' allows \(limit.amount) ms: "
                    + "no execution of this kind is granted its whole time")
        }
    }

    private func neverFits(_ limit: Limit, _ asks: String) -> PlanWarning {
        PlanWarning(
            field: "minimumGrantMs",
            reason: "is \(minimumGrantMs), and the limit '\(limit.name)' allows \(limit.amount) ms: "
                + "\(asks) are always denied")
    }
}

extension PlanBook {
    /// The warnings of every plan, each with the plan's name.
    public var warnings: [String] {
        plans.values.sorted { $0.name < $1.name }.flatMap { plan in
            plan.warnings.map { "plan \(plan.name): \($0)" }
        }
    }
}
