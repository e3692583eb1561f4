// Plans and overrides in Redis: read whole, changed by one script that also counts the revision and
// writes the audit log.

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
    /// Something that is kept, with the revision at which it was changed last.
    public struct Kept<Value: Sendable>: Sendable {
        public let value: Value
        public let revision: Int
    }

    let redis: RedisClient
    let keys: ControlKeys
    private static let script = RedisScript(String(decoding: PackageResources.plans_lua, as: UTF8.self))

    // MARK: Plans

    /// - Throws: ``RedisError``; `unexpected` when the text that is kept is no plan.
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

    /// Every plan, and which is the default; what cannot be read is among `broken`.
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

    /// The plan of accounts that have none of their own, from now on.
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

    /// - Throws: ``PlanError`` when the plan it is about has no such limit, or not that amount.
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

    /// Removes an override whose time is over, unless it was changed since `revision`.
    public func expireOverride(of account: Account, at revision: Int) async throws -> PlanOutcome {
        try await change("expire-override", "stint", account.name, .isRevision(revision))
    }

    // MARK: All of it

    /// Another one after every change; nil when there is nothing in Redis.
    public func stamp() async throws -> PlanStamp? {
        let fields = try await redis.call(["HMGET", keys.plans, "revision", "life"]).elements
        guard fields.count == 2 else { throw RedisError.unexpected("HMGET has as many parts as fields") }
        return fields[0] == .null
            ? nil : PlanStamp(revision: try fields[0].integer, life: try fields[1].optionalText)
    }

    /// Reads everything. What is changed meanwhile may be among it or not.
    public func read() async throws -> StoredPlans {
        var kept = try await book()
        var cursor = "0"
        repeat {
            let page = try await redis.call(["HSCAN", keys.overrides, cursor, "COUNT", "1000"]).elements
            guard page.count == 2 else { throw RedisError.unexpected("HSCAN has two parts") }
            cursor = try page[0].text
            let pairs = try page[1].elements
            for index in stride(from: 0, to: pairs.count - 1, by: 2) {
                try kept.load(account: pairs[index].text, pairs[index + 1].text)
            }
        } while cursor != "0"
        return kept
    }

    /// Everything but the overrides.
    private func book() async throws -> StoredPlans {
        var kept = StoredPlans(now: try await redis.now)
        let fields = try await redis.call(["HGETALL", keys.plans]).elements
        for index in stride(from: 0, to: fields.count - 1, by: 2) {
            try kept.load(field: fields[index].text, fields[index + 1].text)
        }
        return kept
    }

    /// Puts the plans of a file, and sets its default, unless the same text was imported last.
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
        default: throw RedisError.unexpected("no word that the script returns")
        }
    }

    // MARK: The audit log

    /// A page of changes ends, full or not, when it has so many bytes.
    static let maximumPageBytes = 1 << 20
    /// Changes asked for at once.
    private static let chunk = 50

    /// Changes, newest first; the page may end before it is full, with `next`
    /// (``maximumPageBytes``).
    /// - Parameter before: the id of a change; only older ones are returned.
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
        default: throw .unexpected("no word that the script returns: \(word)")
        }
    }
}
