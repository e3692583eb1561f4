// The one error of plans, limits and ceilings, and the checks that throw it.

/// An invalid plan: the field, and why it is invalid.
public struct PlanError: Error, Equatable, CustomStringConvertible {
    /// The path of the field within its plan, such as `limits[1].amount`.
    public let field: String
    public let reason: String

    public init(field: String, reason: String) {
        self.field = field
        self.reason = reason
    }

    public var description: String { "\(field): \(reason)" }

    static func check(_ value: Int, in bound: ClosedRange<Int>, field: String) throws(PlanError) {
        guard bound.contains(value) else {
            throw PlanError(
                field: field, reason: "must be \(bound.lowerBound) to \(bound.upperBound), not \(value)")
        }
    }

    static func check(
        _ count: Int, in bound: ClosedRange<Int>, field: String, counting what: String
    ) throws(PlanError) {
        guard bound.contains(count) else {
            throw PlanError(
                field: field,
                reason: "must hold \(bound.lowerBound) to \(bound.upperBound) \(what), not \(count)")
        }
    }

    static func checkName(_ name: String, field: String) throws(PlanError) {
        guard NameRule.identifier.allows(name) else {
            throw PlanError(field: field, reason: "must be \(NameRule.identifier)")
        }
    }
}
