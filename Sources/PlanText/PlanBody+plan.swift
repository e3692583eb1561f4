// Plans and overrides as bodies, and the only way to write them: JSON with sorted members, so that
// equal plans have equal texts.

package import Accounting
import Foundation
package import WireFormat

extension PlanBody {
    package init(_ plan: Plan) {
        self.init(
            name: plan.name,
            limits: plan.limits.map {
                Limit(
                    name: $0.name, meter: $0.meter.rawValue, amount: $0.amount, windowMs: $0.window.lengthMs,
                    cells: $0.window.cells)
            },
            kinds: plan.kinds?.mapValues {
                Ceiling(
                    maxDurationMs: $0.maxDurationMs, memoryBytes: $0.memoryBytes,
                    payloadBytes: $0.payloadBytes)
            },
            minimumGrantMs: plan.minimumGrantMs, resources: plan.resources,
            whenUnavailable: PlanBody.WhenUnavailable(plan.whenUnavailable))
    }

    package var text: String { get throws { try canonical(self) } }
}

extension PlanBody.WhenUnavailable {
    fileprivate init(_ policy: UnavailablePolicy) {
        self =
            switch policy {
            case .deny: .deny
            case .admit: .admit
            case .admitShare(let percent): .admitShare(percent: percent)
            }
    }
}

extension OverrideBody {
    package init(_ override: AccountOverride) {
        self.init(
            plan: override.plan, amounts: override.amounts.isEmpty ? nil : override.amounts,
            expiresAt: override.expiresAt?.ms)
    }

    package var override: AccountOverride {
        AccountOverride(plan: plan, amounts: amounts ?? [:], expiresAt: expiresAt.map { Timestamp(ms: $0) })
    }

    package var text: String { get throws { try canonical(self) } }
}

private func canonical(_ body: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(body), as: UTF8.self)
}
