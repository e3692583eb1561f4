// What the `RateLimit` fields need of a plan and would otherwise make again for each reply.

import Accounting
import WireFormat

/// The header fields of one plan, prepared. Holding it keeps the plan, so that its identity stays
/// its own.
final class PlanHeaders {
    let plan: Plan
    let fields: RateLimitFields
    /// The limits in ``fields``, as indices into the plan's, in the order of the fields' items.
    let limits: [Int]

    /// - Parameter includesTime: whether limits of execution time are among them.
    init(_ plan: Plan, includesTime: Bool) {
        self.plan = plan
        limits = plan.limits.indices.filter {
            plan.limits[$0].meter.choose(executions: true, executionTime: includesTime)
        }
        fields = RateLimitFields(
            limits.map { index in
                let limit = plan.limits[index]
                return RateLimitPolicy(
                    name: limit.name, quota: limit.amount, windowMs: limit.window.lengthMs,
                    unit: limit.meter.choose(
                        executions: nil, executionTime: RateLimitPolicy.executionMs))
            })
    }
}
