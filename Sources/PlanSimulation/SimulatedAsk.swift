// The ask of a row of a trace under a plan.

import Accounting

/// The simulation cannot start.
public struct SimulationError: Error, Equatable, CustomStringConvertible {
    public let description: String
}

/// The asks of one simulation under one plan.
struct SimulatedAsk {
    let mode: SimulationMode
    /// The kind of every execution; nil in a plan without kinds.
    let kind: String?
    private let ceilingMs: Int?
    private let minimumMs: Int
    // Only holds use it, and a simulation has none.
    private let id = ExecutionID("simulated")!

    /// - Parameters:
    ///   - mode: how rows are put to the rule.
    ///   - plan: the plan.
    ///   - kind: the kind of every execution; nil: `function`, or the plan's only kind.
    /// - Throws: ``SimulationError`` if the plan does not have the kind, or has several and none is
    ///   named.
    init(_ mode: SimulationMode, under plan: Plan, kind: String?) throws(SimulationError) {
        self.mode = mode
        minimumMs = plan.minimumGrantMs
        guard mode == .settle, let kinds = plan.kinds else {
            self.kind = nil
            ceilingMs = nil
            return
        }
        let only = kinds.count == 1 ? kinds.keys.first : nil
        let chosen = kind ?? (kinds[Admission.defaultKind] == nil ? only : nil) ?? Admission.defaultKind
        guard let ceiling = kinds[chosen] else {
            let known = kinds.keys.sorted().joined(separator: ", ")
            throw SimulationError(
                description:
                    "plan \(plan.name): unknown kind \(chosen). Type --kind and one of: \(known)")
        }
        self.kind = chosen
        ceilingMs = ceiling.maxDurationMs
    }

    /// The ask of a row. Without a ceiling a runner must name a duration, so it is the recorded
    /// one.
    /// - Parameter durationMs: the recorded duration; nil: unknown, which asks for 0 ms.
    func ask(_ durationMs: Int?) -> Ask {
        guard let durationMs else { return Ask(id: id, durationMs: 0, minimumMs: 0) }
        switch mode {
        case .settle: return Ask(id: id, durationMs: ceilingMs ?? durationMs, minimumMs: minimumMs)
        case .chargeAtStart: return Ask(id: id, durationMs: durationMs, minimumMs: durationMs)
        }
    }
}
