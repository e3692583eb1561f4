// The cells of an account's windows, read directly. Reading changes nothing and needs no script.

public import Accounting
import NIOCore
public import Redis

extension AccountInspector {
    /// What counts now within each window of a plan, cell by cell, in the order of
    /// ``Plan/windows``.
    /// - Throws: `unexpected` if a field holds something that Stint does not write.
    public func cells(of account: Account, under plan: Plan) async throws(RedisError) -> [WindowCells] {
        try await cells(of: account, under: plan, at: Timestamp(ms: redis.serverTimeMs))
    }

    /// - Parameter clock: the ledger's clock.
    func cells(
        of account: Account, under plan: Plan, at clock: Timestamp
    ) async throws(RedisError) -> [WindowCells] {
        let names = plan.windows.map(PackedWindow.fields)
        var found = try await redis.call(["HMGET", keys.accountLedger(of: account)] + names.joined())
            .elements[...]
        guard found.count == names.reduce(0, { $0 + $1.count }) else {
            throw .unexpected("HMGET has a value for each field")
        }
        var windows: [WindowCells] = []
        for (shape, names) in zip(plan.windows, names) {
            let fields = found.prefix(names.count).map { reply in
                if case .bulk(let bytes) = reply { bytes } else { ByteBuffer?.none }
            }
            found = found.dropFirst(names.count)
            guard var window = PackedWindow(shape, fields)?.window() else { throw Self.damaged(account) }
            window.advance(to: clock)
            windows.append(
                WindowCells(shape: shape, now: max(clock, window.clock), cells: window.cells))
        }
        return windows
    }

    private static func damaged(_ account: Account) -> RedisError {
        .unexpected("a window of account \(account) is damaged")
    }
}
