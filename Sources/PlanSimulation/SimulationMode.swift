// The two ways to read a trace: as what runners would do, or as what is charged.

/// How the executions of a trace are put to the rule.
public enum SimulationMode: String, Sendable, CaseIterable, Encodable {
    /// As runners do: each asks for its kind's ceiling, and settles its recorded duration when it
    /// ends.
    case settle
    /// Each asks for its recorded duration, all of it or nothing, and never settles.
    case chargeAtStart = "charge-at-start"
}
