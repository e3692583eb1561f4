// Everything about plans that was in Redis at one moment, and what Stint makes of it. What is
// missing or broken there never turns a limit off: the last good plan stays, and it is said.

public import Accounting
import Foundation
import PlanText
import WireFormat

public struct StoredPlans: Sendable {
    /// Of all of it; nil when there is nothing.
    public private(set) var revision: Int?
    /// Tells these plans from those that were there before Redis was emptied; nil while an earlier
    /// version wrote last.
    public private(set) var life: String?
    /// The digest of the file (or the built-in plan) that was imported last.
    private(set) var imported: String?
    /// Redis' clock when it was read.
    public let now: Timestamp
    /// The name of the default plan.
    public private(set) var defaultName: String?
    /// Texts of plans by name.
    public private(set) var plans: [String: String] = [:]
    public private(set) var overrides: [Account: AccountOverride] = [:]
    /// The overrides that expire: when, and the revision of each.
    private var expiring: [(account: Account, at: Timestamp, revision: Int)] = []
    private var complaints: [String] = []
    /// Overrides by their texts: many accounts have the same.
    private var known: [String: AccountOverride] = [:]

    init(now: Timestamp) { self.now = now }

    /// What another stamp than this one says is that there is something to read.
    public var stamp: PlanStamp? { revision.map { PlanStamp(revision: $0, life: life) } }

    /// Whether Redis has lost this since.
    /// - Parameter stamp: of what is there now.
    public func isLost(at stamp: PlanStamp?) -> Bool {
        guard let stamp else { return true }
        return life != nil && stamp.life != life
    }

    /// `<revision> <json>`; what has no revision has 0.
    static func split(_ text: String) -> (revision: Int, json: String) {
        let parts = text.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, let revision = Int(parts[0]) else { return (0, text) }
        return (revision, String(parts[1]))
    }

    // MARK: What is read

    mutating func load(field: String, _ text: String) {
        switch field {
        case "revision": revision = Int(text)
        case "life": life = text
        case "imported": imported = text.split(separator: " ").last.map(String.init)
        case "default": defaultName = text
        case _ where field.hasPrefix("plan "): plans[String(field.dropFirst(5))] = Self.split(text).json
        default: break
        }
    }

    mutating func load(account name: String, _ text: String) {
        guard let account = Account(name) else {
            complaints.append("account \(name.prefix(128)): is \(Account.rule)")
            return
        }
        let (revision, json) = Self.split(text)
        do {
            let override =
                try known[json] ?? JSONDecoder().decode(OverrideBody.self, from: Data(json.utf8)).override
            if override.expiresAt == nil { known[json] = override }
            if let at = override.expiresAt { expiring.append((account, at, revision)) }
            // HSCAN may return an account twice.
            overrides[account] = override
        } catch {
            complaints.append("account \(account): its override cannot be read; it has the default plan")
        }
    }

    // MARK: What comes of it

    /// What is in force, and what is wrong.
    public struct Reading: Sendable {
        public let book: PlanBook
        /// Each for one thing that is missing or broken in Redis.
        public let complaints: [String]
        /// Overrides whose time is over, each with its revision.
        public let expired: [(account: Account, revision: Int)]
        /// When the next override expires, on Redis' clock.
        public let nextExpiry: Timestamp?
        /// Every good plan with the text it was read from.
        fileprivate let parsed: [String: (text: String, plan: Plan)]

        /// Before anything was read from Redis.
        public init(_ book: PlanBook) {
            self.book = book
            (complaints, expired, nextExpiry, parsed) = ([], [], nil, [:])
        }

        fileprivate init(
            book: PlanBook, complaints: [String], expired: [(account: Account, revision: Int)],
            nextExpiry: Timestamp?, parsed: [String: (text: String, plan: Plan)]
        ) {
            self.book = book
            self.complaints = complaints
            self.expired = expired
            self.nextExpiry = nextExpiry
            self.parsed = parsed
        }
    }

    /// - Parameter previous: what was in force until now; plans that are broken stay as they are
    ///   there.
    public func reading(at now: Timestamp, after previous: Reading) throws(PlanError) -> Reading {
        var complaints = complaints
        let parsed = parse(after: previous, &complaints)
        var good = parsed.mapValues(\.plan)
        let name = choose(from: &good, after: previous, &complaints)
        if good.count > Bounds.plans.upperBound {
            complaints.append("there are \(good.count) plans, of which \(Bounds.plans.upperBound) are used")
            let names = [name] + good.keys.filter { $0 != name }.sorted()
            good = good.filter { names.prefix(Bounds.plans.upperBound).contains($0.key) }
        }
        let plans = try PlanBook(plans: Array(good.values), default: name)
        let current = overrides.filter { $0.value.expiresAt.map { $0 > now } ?? true }
        let book = PlanBook(plans, overrides: current) { account, complaint in
            complaints.append("account \(account): \(complaint)")
        }
        return Reading(
            book: book, complaints: complaints,
            expired: expiring.filter { $0.at <= now }.map { ($0.account, $0.revision) },
            nextExpiry: expiring.lazy.map(\.at).filter { $0 > now }.min(), parsed: parsed)
    }

    private func parse(
        after previous: Reading, _ complaints: inout [String]
    ) -> [String: (text: String, plan: Plan)] {
        var parsed: [String: (text: String, plan: Plan)] = [:]
        for (name, text) in plans {
            if let known = previous.parsed[name], known.text == text {
                parsed[name] = known
                continue
            }
            do {
                parsed[name] = (text, try PlanFile.plan(json: text, named: name))
            } catch {
                let known = previous.parsed[name]?.plan ?? previous.book.plans[name]
                // With a text that it was not read from, so that it is read again.
                if let known { parsed[name] = ("", known) }
                complaints.append(
                    "plan \(name): \(error); "
                        + (known == nil ? "it is passed over" : "the last good one stays"))
            }
        }
        return parsed
    }

    /// The default plan's name; the plan is among `good` then.
    private func choose(
        from good: inout [String: Plan], after previous: Reading, _ complaints: inout [String]
    ) -> String {
        if let defaultName, good[defaultName] != nil { return defaultName }
        let last = previous.book.defaultPlan
        complaints.append(
            "the default plan '\(defaultName ?? "")' is missing or broken; '\(last.name)' stays the default")
        if good[last.name] == nil { good[last.name] = last }
        return last.name
    }
}
