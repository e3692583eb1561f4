// The rollups and rankings that the pages and the live feed show.

import Accounting
import ControlStore
import Dashboard
import WireFormat

struct PastUse: Sendable {
    let rollups: Rollups
    let controlPlane: ControlPlane

    /// - Returns: nil if the ledger is in memory.
    init?(_ controlPlane: ControlPlane) {
        guard let controlStore = controlPlane.controlStore else { return nil }
        rollups = controlStore.rollups
        self.controlPlane = controlPlane
    }

    /// An account's usage in the current period and the earlier ones that a chart shows.
    func usage(of account: Account, by step: RollupStep) async throws -> UsageBody {
        let end = try await (rollups.now.ms / step.lengthMs + 1) * step.lengthMs
        return try await UsageBody.read(
            rollups, account, from: Timestamp(ms: end - step.drawn * step.lengthMs), to: Timestamp(ms: end),
            step: step)
    }

    /// The ten accounts with the most executions in the current and the previous minute.
    func top() async throws -> TopBody {
        let end = try await rollups.now + 1
        return try await TopBody.read(
            rollups, by: .executions, from: end + -TopBody.nowMs, to: end, limit: 10, controlPlane)
    }

    /// ``top`` for the live feed; empty if it cannot be read.
    func liveTop() async -> [LiveBody.Top] {
        do {
            return try await top().accounts.map {
                LiveBody.Top(account: $0.account, executions: $0.value, percent: $0.percent)
            }
        } catch {
            return []
        }
    }
}
