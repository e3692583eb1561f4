// What replies need of a plan and would otherwise make again for each of them.

import Accounting
import WireFormat

/// One plan, prepared for being spoken of. Holding it keeps the plan, so that its identity stays
/// its own.
final class SpokenPlan {
    let plan: Plan
    let fields: RateLimitFields
    /// The limits that ``fields`` tell, as indices into the plan's, in the order of the fields'
    /// items.
    let toldLimits: [Int]

    /// - Parameter tellsTime: whether limits of execution time are told too.
    init(_ plan: Plan, tellsTime: Bool) {
        self.plan = plan
        toldLimits = plan.limits.indices.filter { tellsTime || plan.limits[$0].meter == .executions }
        fields = RateLimitFields(
            toldLimits.map { index in
                let limit = plan.limits[index]
                return RateLimitPolicy(
                    name: limit.name, quota: limit.amount, windowMs: limit.window.lengthMs,
                    unit: limit.meter == .executions ? nil : RateLimitPolicy.executionMs)
            })
    }
}
