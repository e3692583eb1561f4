// What accounts do, as rollups count it: sums of decisions, and the peak use of each limit. Pure.

/// What an account, or one of its functions, did during some time.
public struct Activity: Equatable, Sendable {
    /// Executions admitted; a repeated admission counts once.
    public var executions = 0
    /// The execution time of settled executions, in ms.
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

/// What an account did, in total and by function.
public struct AccountActivity: Equatable, Sendable {
    /// The maximum number of functions that are counted one by one.
    public static let maximumFunctions = 100
    /// The name under which functions beyond ``maximumFunctions`` are counted.
    public static let otherFunctions = "(other)"

    /// All functions, and executions without a function.
    public var total = Activity()
    public internal(set) var functions: [String: Activity] = [:]
    /// The peak use of each limit, in percent of its amount, by the limit's name. Above 100 if more
    /// was used than granted.
    public var peakPercent: [String: Int] = [:]

    public init() {}

    /// Adds what the account did at another time.
    /// - Parameters:
    ///   - other: the activity to add.
    ///   - mayGrow: whether there is room for new functions.
    public mutating func add(_ other: AccountActivity, mayGrow: Bool = true) {
        total.add(other.total)
        for (function, activity) in other.functions {
            change(function, mayGrow: mayGrow) { $0.add(activity) }
        }
        peakPercent.merge(other.peakPercent, uniquingKeysWith: max)
    }

    /// Changes the counts of a function, or of the others if there are too many functions or no
    /// room.
    public mutating func change(
        _ function: String, mayGrow: Bool = true, _ change: (inout Activity) -> Void
    ) {
        let isCounted = mayGrow && functions.count < Self.maximumFunctions || functions[function] != nil
        change(&functions[isCounted ? function : Self.otherFunctions, default: Activity()])
    }
}
