// Plans and overrides in Redis: read as a whole, changed by one script that also counts the
// revision and writes the audit log.

public import Accounting
import NIOCore
import PlanText
import Redis
public import WireFormat

extension ControlStore {
    /// Plans, overrides and the log of their changes.
    public var plans: PlanStore { PlanStore(redis: redis, keys: keys) }
}

public struct PlanStore: Sendable {
    /// A stored value, with the revision of its last change.
    public struct Kept<Value: Sendable>: Sendable {
        public let value: Value
        public let revision: Int
    }

    let redis: RedisClient
    let keys: ControlKeys
    private static let script = RedisScript(String(decoding: PackageResources.plans_lua, as: UTF8.self))

    // MARK: Plans

    /// - Throws: ``RedisError``; `unexpected` if the stored text is not a plan.
    public func plan(_ name: String) async throws -> Kept<Plan>? {
        guard let text = try await redis.call(["HGET", keys.plans, "plan \(name)"]).optionalText else {
            return nil
        }
        let (revision, json) = StoredPlans.split(text)
        do {
            return Kept(value: try PlanFile.plan(json: json, named: name), revision: revision)
        } catch {
            throw RedisError.unexpected("plan \(name): \(error)")
        }
    }

    /// Every plan, and the name of the default plan; plans that cannot be read are in `broken`.
    public func list() async throws -> PlanListBody {
        let kept = try await book()
        var list = PlanListBody(default: kept.defaultName ?? "", plans: [])
        for (name, json) in kept.plans.sorted(by: { $0.key < $1.key }) {
            do {
                list.plans.append(PlanBody(try PlanFile.plan(json: json, named: name)))
            } catch {
                list.broken = (list.broken ?? []) + [name]
            }
        }
        return list
    }

    public func put(
        _ plan: Plan, if precondition: Precondition = .none, by who: String
    ) async throws -> PlanOutcome {
        try await change("put-plan", who, plan.name, precondition, try PlanBody(plan).text)
    }

    public func deletePlan(
        _ name: String, if precondition: Precondition = .none, by who: String
    ) async throws -> PlanOutcome {
        try await change("delete-plan", who, name, precondition)
    }

    /// Sets the plan of accounts whose override names no other.
    public func setDefault(_ name: String, by who: String) async throws -> PlanOutcome {
        try await change("default", who, name, .none)
    }

    // MARK: Overrides

    public func override(of account: Account) async throws -> Kept<AccountOverride>? {
        guard let text = try await redis.call(["HGET", keys.overrides, account.name]).optionalText else {
            return nil
        }
        let (revision, json) = StoredPlans.split(text)
        do {
            return Kept(value: try PlanFile.override(json: json), revision: revision)
        } catch {
            throw RedisError.unexpected("override of \(account): \(error)")
        }
    }

    /// - Throws: ``PlanError`` if the plan has no such limit, or its meter does not allow the
    ///   amount.
    public func put(
        _ override: AccountOverride, of account: Account, if precondition: Precondition = .none,
        by who: String
    ) async throws -> PlanOutcome {
        let base: String
        if let plan = override.plan {
            base = plan
        } else {
            base = try await redis.call(["HGET", keys.plans, "default"]).optionalText ?? ""
        }
        guard let plan = try await plan(base) else { return .refused(.unknownPlan) }
        try override.check(against: plan.value)
        return try await change(
            "put-override", who, account.name, precondition, try OverrideBody(override).text,
            [override.plan ?? "", override.expiresAt.map { String($0.ms) } ?? ""])
    }

    public func deleteOverride(
        of account: Account, if precondition: Precondition = .none, by who: String
    ) async throws -> PlanOutcome {
        try await change("delete-override", who, account.name, precondition)
    }

    /// Removes an override that has expired, unless it was changed after `revision`.
    public func expireOverride(of account: Account, at revision: Int) async throws -> PlanOutcome {
        try await change("expire-override", "stint", account.name, .isRevision(revision))
    }

    // MARK: All of it

    /// Changes with every change; nil if Redis has no plans.
    public func stamp() async throws -> PlanStamp? {
        let fields = try await redis.call(["HMGET", keys.plans, "revision", "life"]).elements
        guard fields.count == 2 else { throw RedisError.unexpected("HMGET has as many parts as fields") }
        return fields[0] == .null
            ? nil : PlanStamp(revision: try fields[0].integer, life: try fields[1].optionalText)
    }

    /// Reads everything. Changes made meanwhile may be included or not.
    public func read() async throws -> StoredPlans {
        var kept = try await book()
        var cursor = "0"
        repeat {
            let page = try await redis.call(["HSCAN", keys.overrides, cursor, "COUNT", "1000"]).elements
            guard page.count == 2 else { throw RedisError.unexpected("HSCAN has two parts") }
            cursor = try page[0].text
            for (account, override) in try page[1].pairs {
                try kept.load(account: account.text, override.text)
            }
        } while cursor != "0"
        return kept
    }

    /// Everything but the overrides.
    private func book() async throws -> StoredPlans {
        var kept = StoredPlans(now: try await redis.now)
        for (field, text) in try await redis.call(["HGETALL", keys.plans]).pairs {
            try kept.load(field: field.text, text.text)
        }
        return kept
    }

    /// Puts the plans of a file and sets its default plan, unless the same text was imported last.
    public func importPlans(_ plans: PlanImport) async throws -> PlanImportOutcome {
        var arguments = [plans.file == nil ? "empty" : ""]
        for plan in plans.book.plans.values.sorted(by: { $0.name < $1.name }) {
            arguments += [plan.name, try PlanBody(plan).text]
        }
        let reply = try await run(
            "import", plans.who, plans.digest, .none, plans.book.defaultPlan.name, arguments)
        switch try reply.first?.text {
        case "done": return .imported
        case "imported": return .wasImportedLast
        case "full": return .tooMany
        default: throw RedisError.unexpected("the script returned an unknown word")
        }
    }

    // MARK: The audit log

    /// The size in bytes at which a page of changes ends, full or not.
    static let maximumPageBytes = 1 << 20
    /// The number of changes read at once.
    private static let chunk = 50

    /// A page of changes, newest first. It may end before it is full, with `next`
    /// (``maximumPageBytes``).
    /// - Parameters:
    ///   - before: the id of a change; only older ones are returned.
    ///   - limit: the maximum number of changes.
    public func changes(before: String?, limit: Int) async throws -> ChangesBody {
        var page = ChangesBody(changes: [], next: before)
        var bytes = 0
        while true {
            let newest = page.next.map { "(\($0)" } ?? "+"
            let rows = try await redis.call(
                ["XREVRANGE", keys.changes, newest, "-", "COUNT", String(Self.chunk)]
            ).elements
            for row in rows {
                if page.changes.count == limit || bytes >= Self.maximumPageBytes { return page }
                let change = try ChangesBody.Change(row)
                bytes += try ChangesBody.Change.byteCount(of: row)
                page.changes.append(change)
                page.next = change.id
            }
            if rows.count < Self.chunk {
                page.next = nil
                return page
            }
        }
    }

    // MARK: The script

    func run(
        _ operation: String, _ who: String, _ name: String, _ precondition: Precondition, _ text: String,
        _ more: [String]
    ) async throws(RedisError) -> [RedisReply] {
        try await redis.run(
            Self.script, keys: [keys.plans, keys.overrides, keys.changes],
            arguments: [operation, who, name, precondition.argument, text] + more
        ).elements
    }

    private func change(
        _ operation: String, _ who: String, _ name: String, _ precondition: Precondition, _ text: String = "",
        _ more: [String] = []
    ) async throws(RedisError) -> PlanOutcome {
        let reply = try await run(operation, who, name, precondition, text, more)
        guard let word = try reply.first?.text else { throw .unexpected("the script returned nothing") }
        switch (word, reply.count) {
        case ("done", 3): return .done(revision: try reply[1].integer, isNew: try reply[2].integer == 0)
        case ("accounts", 2): return .refused(.isUsed(accounts: try reply[1].integer))
        case ("condition", _): return .refused(.preconditionFailed)
        case ("absent", _): return .refused(.absent)
        case ("default", _): return .refused(.isDefault)
        case ("full", _): return .refused(.tooMany)
        case ("plan", _): return .refused(.unknownPlan)
        case ("past", _): return .refused(.hasExpired)
        case ("early", _): return .refused(.notExpired)
        default: throw .unexpected("the script returned an unknown word: \(word)")
        }
    }
}
