// The bounds of all values. Within them every sum that the rule forms stays below 2^53, so integers
// in Swift and doubles in Lua never differ. The largest sum is a window of 1,001 cells that are all
// at `cellMs`.

/// The bounds of every value of a plan, an override or an execution.
public enum Bounds {
    /// One execution's duration or grant, in ms: 31 days.
    public static let durationMs = 0...2_678_400_000
    /// A limit's window, in ms: 1 s to 31 days.
    public static let windowMs = 1_000...2_678_400_000
    /// Cells per window.
    public static let cells = 1...1_000
    /// The amount of an `executions` limit.
    public static let executions = 0...2_147_483_647
    /// The amount of an `execution-time` limit, in ms: up to 2^40, about 34 years.
    public static let executionMs = 0...1_099_511_627_776
    /// A ceiling on memory or payload, in bytes.
    public static let bytes = 0...9_007_199_254_740_991
    /// A share of every limit, in percent.
    public static let sharePercent = 1...100
    /// The number of limits of a plan.
    public static let limitsPerPlan = 1...32
    /// The number of kinds of executions in a plan.
    public static let kindsPerPlan = 0...100
    /// The number of sorts of resources with a quota in a plan.
    public static let resourcesPerPlan = 0...100
    /// The number of resources of one sort that an account may own.
    public static let resourceQuota = 0...1_000_000
    /// The number of plans of one service.
    public static let plans = 1...1_000
    /// The number of accounts with an override.
    public static let overrides = 0...100_000

    /// How long a row of an account's log is kept, in ms: 90 days.
    public static let logLifeMs = 7_776_000_000

    /// The amount of a limit that bounds nothing: no sum is greater.
    package static let unboundedAmount = 9_007_199_254_740_992
    /// The maximum of one cell; further charges saturate. It is far above every amount, so no
    /// verdict depends on it.
    package static let cellExecutions = 4_294_967_295
    package static let cellMs = 8_796_093_022_207
}
