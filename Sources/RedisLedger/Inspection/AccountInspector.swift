// Account ledgers for the control plane: what is held, what counts, and forgetting what was
// charged. Not for the request path.

public import Accounting
import NIOCore
public import Redis

/// Inspects account ledgers, from any task.
public struct AccountInspector: Sendable {
    /// The maximum number of calls for one account. Each looks at some 100 fields.
    public static let maximumCalls = 200

    let redis: RedisClient
    let keys: LedgerKeys
    private let logRows: Int
    private static let sweepScript = RedisScript(String(buffer: LedgerScript.sweep))
    private static let forgetScript = RedisScript(String(buffer: LedgerScript.forget))

    /// - Parameter logRows: the same value as the ledgers'.
    public init(redis: RedisClient, keys: LedgerKeys, logRows: Int) {
        self.redis = redis
        self.keys = keys
        self.logRows = logRows
    }

    /// The held executions of an account. Expired holds are logged and deleted.
    /// - Parameter maximum: of ``HeldExecutions/items``.
    public func holds(of account: Account, maximum: Int) async throws(RedisError) -> HeldExecutions {
        var held: [String: HeldExecution] = [:]
        var cursor = "0"
        var calls = 0
        repeat {
            let reply = try await redis.run(
                Self.sweepScript, keys: [keys.accountLedger(of: account)],
                arguments: ["", String(logRows), "1", cursor])
            guard let part = Swept(reply, accounts: 1)?.parts.first else {
                throw .unexpected("the script that sweeps returned something else")
            }
            cursor = part.cursor
            for index in stride(from: 0, to: part.holds.count - 1, by: 2) {
                guard case .bulk(let field) = part.holds[index + 1], let hold = PackedHold(field) else {
                    continue
                }
                let id = try part.holds[index].text
                held[id] = HeldExecution(id: id, grant: hold.grant, label: hold.label)
            }
            calls += 1
        } while cursor != "0" && calls < Self.maximumCalls
        let first = held.values.sorted { ($0.grant.admittedAt, $0.id) < ($1.grant.admittedAt, $1.id) }
        return HeldExecutions(
            count: held.count, isPartial: cursor != "0", items: Array(first.prefix(maximum)))
    }

    /// Forgets what was charged to the windows of a plan. Held executions can still be settled;
    /// that corrects nothing.
    /// - Parameter plan: the account's plan.
    public func forget(_ account: Account, under plan: Plan) async throws(RedisError) {
        try await forget(account, under: plan, at: nil)
    }

    /// - Parameter clock: nil, except in tests: the server's own clock is used.
    package func forget(
        _ account: Account, under plan: Plan, at clock: Timestamp?
    ) async throws(RedisError) {
        _ = try await redis.run(
            Self.forgetScript, keys: [keys.accountLedger(of: account)],
            arguments: [clock.map { String($0.ms) } ?? ""] + plan.windows.map(LedgerKeys.field))
    }
}
