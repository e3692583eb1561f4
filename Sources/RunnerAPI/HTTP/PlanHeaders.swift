// The part of the `RateLimit` fields that depends only on the plan, made once per plan.

import Accounting
import WireFormat

/// The prepared header fields of one plan. It retains the plan, so that no other plan gets the same
/// `ObjectIdentifier`.
final class PlanHeaders {
    let plan: Plan
    let fields: RateLimitFields
    /// The limits in ``fields``, as indices into the plan's limits, in the order of the items.
    let limits: [Int]

    /// - Parameters:
    ///   - plan: the plan.
    ///   - includesTime: whether to include the limits of execution time.
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
