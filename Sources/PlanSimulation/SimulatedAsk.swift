// What a row of a trace asks for under a plan.

import Accounting

/// A simulation that cannot be set up.
public struct SimulationError: Error, Equatable, CustomStringConvertible {
    public let description: String
}

/// What the executions of one simulation ask under one plan.
struct SimulatedAsk {
    let mode: SimulationMode
    /// The kind whose ceiling is asked for; nil in a plan without kinds.
    let kind: String?
    private let ceilingMs: Int?
    private let minimumMs: Int
    // The windows do not look at it, and without holds nobody else does.
    private let id = ExecutionID("simulated")!

    /// - Parameter kind: nil is `function`, or the plan's only kind.
    /// - Throws: ``SimulationError`` when the plan has no such kind, or more than one to choose
    ///   from.
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
                    "plan \(plan.name) has no kind \(chosen). Name one of its own with --kind: \(known)")
        }
        self.kind = chosen
        ceilingMs = ceiling.maxDurationMs
    }

    /// - Parameter durationMs: nil asks 0 ms. Without a ceiling runners must say how long it may
    ///   run; here they know.
    func ask(_ durationMs: Int?) -> Ask {
        guard let durationMs else { return Ask(id: id, durationMs: 0, minimumMs: 0) }
        switch mode {
        case .settle: return Ask(id: id, durationMs: ceilingMs ?? durationMs, minimumMs: minimumMs)
        case .chargeAtStart: return Ask(id: id, durationMs: durationMs, minimumMs: durationMs)
        }
    }
}
