// The two ways to read a trace: as the behaviour of runners, or as charges.

/// How the executions of a trace are put to the rule.
public enum SimulationMode: String, Sendable, CaseIterable, Encodable {
    /// As runners do: each execution asks for its kind's ceiling, and settles its recorded duration
    /// when it ends.
    case settle
    /// Each execution asks for its recorded duration, all of it or nothing, and never settles.
    case chargeAtStart = "charge-at-start"
}
