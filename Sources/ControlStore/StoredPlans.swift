// Everything about plans that was in Redis at one moment, and the plans in force that follow from
// it. A missing or damaged plan never turns a limit off: the last good plan stays, with a warning.

public import Accounting
import Foundation
import PlanText
import WireFormat

public struct StoredPlans: Sendable {
    /// The revision of all plans; nil if there are none.
    public private(set) var revision: Int?
    /// Distinguishes these plans from those before Redis was emptied; nil while an earlier version
    /// wrote last.
    public private(set) var life: String?
    /// The digest of the file (or the built-in plan) that was imported last.
    private(set) var imported: String?
    /// Redis' clock when the plans were read.
    public let now: Timestamp
    /// The name of the default plan.
    public private(set) var defaultName: String?
    /// The texts of plans, by name.
    public private(set) var plans: [String: String] = [:]
    public private(set) var overrides: [Account: AccountOverride] = [:]
    /// The overrides that expire: when, and the revision of each.
    private var expiring: [(account: Account, at: Timestamp, revision: Int)] = []
    private var complaints: [String] = []
    /// Overrides by their texts, because many accounts have the same.
    private var known: [String: AccountOverride] = [:]

    init(now: Timestamp) { self.now = now }

    /// The stamp of these plans. A different stamp means that there is something to read.
    public var stamp: PlanStamp? { revision.map { PlanStamp(revision: $0, life: life) } }

    /// Whether Redis has lost these plans since.
    /// - Parameter stamp: the stamp now.
    public func isLost(at stamp: PlanStamp?) -> Bool {
        guard let stamp else { return true }
        return life != nil && stamp.life != life
    }

    /// Splits `<revision> <json>`; a text without a revision has revision 0.
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
            complaints.append("account \(account): its override is damaged; it has the default plan")
        }
    }

    // MARK: What comes of it

    /// The plans in force, and the warnings.
    public struct Reading: Sendable {
        public let book: PlanBook
        /// One for each plan or override that is missing or damaged in Redis.
        public let complaints: [String]
        /// Overrides that have expired, each with its revision.
        public let expired: [(account: Account, revision: Int)]
        /// When the next override expires, on Redis' clock.
        public let nextExpiry: Timestamp?
        /// Every good plan, with the text from which it was read.
        fileprivate let parsed: [String: (text: String, plan: Plan)]

        /// The plans before anything was read from Redis.
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

    /// - Parameters:
    ///   - now: Redis' clock.
    ///   - previous: the plans in force until now; damaged plans stay as they are there.
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
                // With an empty text, so that the plan is read again.
                if let known { parsed[name] = ("", known) }
                complaints.append(
                    "plan \(name): \(error); "
                        + (known == nil ? "it is ignored" : "the last good one stays"))
            }
        }
        return parsed
    }

    /// The default plan's name; afterwards the plan is in `good`.
    private func choose(
        from good: inout [String: Plan], after previous: Reading, _ complaints: inout [String]
    ) -> String {
        if let defaultName, good[defaultName] != nil { return defaultName }
        let last = previous.book.defaultPlan
        complaints.append(
            "the default plan '\(defaultName ?? "")' is missing or damaged; '\(last.name)' stays the default")
        if good[last.name] == nil { good[last.name] = last }
        return last.name
    }
}
