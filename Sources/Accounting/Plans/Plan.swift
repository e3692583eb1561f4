// Plans: named sets of limits, ceilings and resource quotas. A plan is immutable, and a request
// keeps the plan that it was checked against, so a reload in between cannot mix two plans in one
// answer.

/// The most that one execution of a kind may take. A nil value has no ceiling.
public struct Ceiling: Hashable, Sendable {
    /// ms, up to 31 days.
    public let maxDurationMs: Int?
    public let memoryBytes: Int?
    public let payloadBytes: Int?

    /// - Throws: ``PlanError`` naming the field that is out of its bounds.
    public init(
        maxDurationMs: Int? = nil, memoryBytes: Int? = nil, payloadBytes: Int? = nil
    ) throws(PlanError) {
        if let maxDurationMs {
            try PlanError.check(maxDurationMs, in: 1...Bounds.durationMs.upperBound, field: "maxDurationMs")
        }
        if let memoryBytes { try PlanError.check(memoryBytes, in: Bounds.bytes, field: "memoryBytes") }
        if let payloadBytes { try PlanError.check(payloadBytes, in: Bounds.bytes, field: "payloadBytes") }
        self.maxDurationMs = maxDurationMs
        self.memoryBytes = memoryBytes
        self.payloadBytes = payloadBytes
    }

    /// No ceilings: what every kind has in a plan without kinds.
    public static let none = Ceiling()
    private init() { (maxDurationMs, memoryBytes, payloadBytes) = (nil, nil, nil) }
}

/// The reply to an admission when the ledger cannot answer.
public enum UnavailablePolicy: String, Sendable, CaseIterable {
    /// 503; nothing runs unaccounted.
    case deny
    /// 201 marked `degraded`; it runs unaccounted, and is counted separately.
    case admit
}

/// A named set of limits, ceilings and resource quotas. Every account has one.
public final class Plan: Sendable {
    public let name: String
    /// 1 to 32 limits, with different names.
    public let limits: [Limit]
    /// Ceilings by kind; nil accepts every kind, without ceilings.
    public let kinds: [String: Ceiling]?
    /// The smallest partial grant if the request names none, in ms; 1 or more.
    public let minimumGrantMs: Int
    /// Resource quotas: how many named things of each sort an account may own.
    public let resources: [String: Int]
    public let whenUnavailable: UnavailablePolicy

    /// The different window shapes of ``limits``, in order of first use. An answer has one
    /// ``Usage`` for each.
    public let windows: [WindowShape]
    /// For each limit, the index of its window in ``windows``.
    public let windowOfLimit: [Int]
    /// The longest time, in ms, that a charge stays in any window, whatever else its cell holds.
    let longestStayMs: Int
    /// The number of cells in all windows together: the most that one question may have to walk.
    package let cellCount: Int

    /// - Throws: ``PlanError`` naming the invalid field.
    public init(
        name: String,
        limits: [Limit],
        kinds: [String: Ceiling]? = nil,
        minimumGrantMs: Int = 100,
        resources: [String: Int] = [:],
        whenUnavailable: UnavailablePolicy = .deny
    ) throws(PlanError) {
        try PlanError.checkName(name, field: "name")
        try PlanError.check(limits.count, in: Bounds.limitsPerPlan, field: "limits", counting: "limits")
        var windows: [WindowShape] = []
        var windowOfLimit: [Int] = []
        var names: Set<String> = []
        for (index, limit) in limits.enumerated() {
            guard names.insert(limit.name).inserted else {
                throw PlanError(field: "limits[\(index)].name", reason: "duplicate limit '\(limit.name)'")
            }
            if let known = windows.firstIndex(of: limit.window) {
                windowOfLimit.append(known)
            } else {
                windowOfLimit.append(windows.count)
                windows.append(limit.window)
            }
        }
        if let kinds {
            try PlanError.check(kinds.count, in: Bounds.kindsPerPlan, field: "kinds", counting: "kinds")
            for kind in kinds.keys.sorted() { try PlanError.checkName(kind, field: "kinds.\(kind)") }
        }
        try PlanError.check(minimumGrantMs, in: 1...Bounds.durationMs.upperBound, field: "minimumGrantMs")
        try PlanError.check(
            resources.count, in: Bounds.resourcesPerPlan, field: "resources", counting: "kinds")
        for (resource, quota) in resources.sorted(by: { $0.key < $1.key }) {
            try PlanError.checkName(resource, field: "resources.\(resource)")
            try PlanError.check(quota, in: Bounds.resourceQuota, field: "resources.\(resource)")
        }
        self.name = name
        self.limits = limits
        self.kinds = kinds
        self.minimumGrantMs = minimumGrantMs
        self.resources = resources
        self.whenUnavailable = whenUnavailable
        self.windows = windows
        self.windowOfLimit = windowOfLimit
        self.longestStayMs = windows.reduce(0) { max($0, $1.longestStayMs) }
        self.cellCount = windows.reduce(0) { $0 + $1.cells }
    }

    /// `plan` with other amounts, which must name its limits and be within their bounds. Shares
    /// everything else with it.
    init(_ plan: Plan, amounts: [String: Int]) {
        name = plan.name
        limits = plan.limits.map { limit in amounts[limit.name].map { Limit(limit, amount: $0) } ?? limit }
        kinds = plan.kinds
        minimumGrantMs = plan.minimumGrantMs
        resources = plan.resources
        whenUnavailable = plan.whenUnavailable
        windows = plan.windows
        windowOfLimit = plan.windowOfLimit
        longestStayMs = plan.longestStayMs
        cellCount = plan.cellCount
    }
}

extension Plan {
    /// The built-in plan: 600 s of execution time and 6,000 executions per 60 s.
    public static func serverless() throws(PlanError) -> Plan {
        try Plan(
            name: "serverless",
            limits: [
                Limit(name: "execution-time", meter: .executionTime, amount: 600_000, windowMs: 60_000),
                Limit(name: "executions", meter: .executions, amount: 6_000, windowMs: 60_000),
            ],
            kinds: [
                "function": Ceiling(
                    maxDurationMs: 10_000, memoryBytes: 134_217_728, payloadBytes: 6_291_456),
                "workflow-action": Ceiling(
                    maxDurationMs: 20_000, memoryBytes: 134_217_728, payloadBytes: 6_291_456),
            ],
            resources: ["secrets": 50, "endpoints": 100, "webhooks": 100])
    }
}
