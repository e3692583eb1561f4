// What accounts do, as rollups tell it: sums of decisions, and how full a limit was at most. Pure.

/// What an account, or one function of it, did during some time.
public struct Activity: Equatable, Sendable {
    /// Executions admitted; a repeated admission counts once.
    public var executions = 0
    /// ms that executions used, by their settlements.
    public var executionTimeMs = 0
    /// Executions settled with the outcome error or timeout.
    public var errors = 0
    /// Asks denied, by the name of each limit that they did not fit.
    public var denials: [String: Int] = [:]

    public init() {}

    public mutating func add(_ other: Activity) {
        executions += other.executions
        executionTimeMs += other.executionTimeMs
        errors += other.errors
        denials.merge(other.denials, uniquingKeysWith: +)
    }
}

/// What an account did, and which functions of it.
public struct AccountActivity: Equatable, Sendable {
    /// Functions that are counted one by one, at most.
    public static let maximumFunctions = 100
    /// What the functions beyond ``maximumFunctions`` are counted under.
    public static let otherFunctions = "(other)"

    /// All functions, and what no function was told for.
    public var total = Activity()
    public internal(set) var functions: [String: Activity] = [:]
    /// The most that was used of a limit, in percent of its amount, by its name; above 100 when
    /// more was used than granted.
    public var peakPercent: [String: Int] = [:]

    public init() {}

    /// Adds what it did at another time.
    /// - Parameters:
    ///   - other: what is added.
    ///   - mayGrow: whether there is room for functions that are new.
    public mutating func add(_ other: AccountActivity, mayGrow: Bool = true) {
        total.add(other.total)
        for (function, activity) in other.functions {
            change(function, mayGrow: mayGrow) { $0.add(activity) }
        }
        peakPercent.merge(other.peakPercent, uniquingKeysWith: max)
    }

    /// Changes what is counted of a function, or of the others when there are too many, or no room.
    public mutating func change(
        _ function: String, mayGrow: Bool = true, _ change: (inout Activity) -> Void
    ) {
        let isCounted = mayGrow && functions.count < Self.maximumFunctions || functions[function] != nil
        change(&functions[isCounted ? function : Self.otherFunctions, default: Activity()])
    }
}
