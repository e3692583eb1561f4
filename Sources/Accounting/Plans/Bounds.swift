// A limit on everything. With these, every sum the rule can form stays below 2^53, so that integers
// in Swift and doubles in Lua never differ; the largest is a window of 1,001 cells that are all at
// `cellMs`.

/// The least and the most of everything that a plan, an override or an execution may say.
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
    /// Limits that a plan has.
    public static let limitsPerPlan = 1...32
    /// Kinds of executions that a plan knows.
    public static let kindsPerPlan = 0...100
    /// Sorts of resources that a plan has quotas for.
    public static let resourcesPerPlan = 0...100
    /// How many resources of one sort an account may own.
    public static let resourceQuota = 0...1_000_000
    /// Plans of one service.
    public static let plans = 1...1_000
    /// Accounts with a plan or amounts of their own.
    public static let overrides = 0...100_000

    /// How long a row of an account's log is kept, in ms: 90 days.
    public static let logLifeMs = 7_776_000_000

    /// What one cell can keep; charges beyond saturate. Far above every amount, so no verdict
    /// depends on it.
    package static let cellExecutions = 4_294_967_295
    package static let cellMs = 8_796_093_022_207
}
