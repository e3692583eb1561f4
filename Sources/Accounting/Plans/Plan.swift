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
public enum UnavailablePolicy: Hashable, Sendable {
    /// 503; nothing runs without a charge.
    case deny
    /// 201 marked `degraded`; it runs without a charge, and without any bound.
    case admit
    /// 201 marked `degraded` while the account has not used this percentage (1 to 100) of every
    /// limit in this process, then 429. It is charged when the ledger is back.
    case admitShare(percent: Int)
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
    /// What each process admits under while the ledger cannot answer: this plan with its share of
    /// every amount, rounded down. Nil unless ``whenUnavailable`` names a share.
    public let share: Plan?
    /// The most that one process may admit beyond the limits of the plan of which this is the
    /// ``share``; nil for every other plan.
    public let overUse: OverUse?

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
    public convenience init(
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
        if case .admitShare(let percent) = whenUnavailable {
            try PlanError.check(percent, in: Bounds.sharePercent, field: "whenUnavailable.admit.share")
        }
        self.init(
            Parts(
                name: name, limits: limits, kinds: kinds, minimumGrantMs: minimumGrantMs,
                resources: resources, whenUnavailable: whenUnavailable),
            windows: windows, windowOfLimit: windowOfLimit)
    }

    /// What a plan is made of. It was checked.
    private struct Parts {
        var name: String
        var limits: [Limit]
        var kinds: [String: Ceiling]?
        var minimumGrantMs: Int
        var resources: [String: Int]
        var whenUnavailable: UnavailablePolicy
        var isShare = false
    }

    private init(_ parts: Parts, windows: [WindowShape], windowOfLimit: [Int]) {
        name = parts.name
        limits = parts.limits
        kinds = parts.kinds
        minimumGrantMs = parts.minimumGrantMs
        resources = parts.resources
        whenUnavailable = parts.whenUnavailable
        self.windows = windows
        self.windowOfLimit = windowOfLimit
        longestStayMs = windows.reduce(0) { max($0, $1.longestStayMs) }
        cellCount = windows.reduce(0) { $0 + $1.cells }
        overUse = parts.isShare ? OverUse(ofLimits: parts.limits) : nil
        guard case .admitShare(let percent) = parts.whenUnavailable, !parts.isShare else {
            share = nil
            return
        }
        var part = parts
        part.limits = parts.limits.map { Limit($0, amount: $0.amount * percent / 100) }
        part.isShare = true
        share = Plan(part, windows: windows, windowOfLimit: windowOfLimit)
    }

    /// `plan` with other limits, of the same windows and in the same order.
    private convenience init(_ plan: Plan, limits: [Limit]) {
        self.init(
            Parts(
                name: plan.name, limits: limits, kinds: plan.kinds, minimumGrantMs: plan.minimumGrantMs,
                resources: plan.resources, whenUnavailable: plan.whenUnavailable),
            windows: plan.windows, windowOfLimit: plan.windowOfLimit)
    }

    /// `plan` with other amounts, which must name its limits and be within their bounds.
    convenience init(_ plan: Plan, amounts: [String: Int]) {
        self.init(
            plan,
            limits: plan.limits.map { limit in
                amounts[limit.name].map { Limit(limit, amount: $0) } ?? limit
            })
    }

    /// `plan` without a bound on any amount: it charges the same windows, and admits everything in
    /// full.
    package convenience init(unbounded plan: Plan) {
        self.init(plan, limits: plan.limits.map { Limit($0, amount: Bounds.unboundedAmount) })
    }
}

/// The most that one process may admit of an account beyond its limits while the ledger cannot
/// answer: the share of its largest limit of each meter.
public struct OverUse: Hashable, Sendable {
    /// A count; nil if no limit counts executions.
    public let executions: Int?
    /// ms; nil if no limit measures execution time.
    public let executionTimeMs: Int?

    init(ofLimits limits: [Limit]) {
        func largest(_ meter: Meter) -> Int? { limits.lazy.filter { $0.meter == meter }.map(\.amount).max() }
        executions = largest(.executions)
        executionTimeMs = largest(.executionTime)
    }

    /// `at most 1800 executions and 180000 ms over` for three processes.
    package func text(processes: Int) -> String {
        let parts = [
            executions.map { "\(processes * $0) executions" },
            executionTimeMs.map { "\(processes * $0) ms" },
        ]
        return "at most \(parts.compactMap { $0 }.joined(separator: " and ")) over"
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
