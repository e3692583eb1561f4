// The named things that accounts own, as many of a kind as their quota says. Names and a little
// metadata are kept, never what the things hold: no secret's value ever comes here. What a kind or
// a name may be is the callers' business.

public import Accounting
import Redis

public struct ResourceStore: Sendable {
    /// A thing and what is said of it.
    public struct Resource: Equatable, Sendable {
        public let name: String
        /// A JSON object as text; nil when there is none.
        public let metadata: String?
    }

    /// What ``register(_:of:for:metadata:quota:)`` has come to.
    public enum Registration: Equatable, Sendable {
        /// - Parameter used: how many there are with it.
        case added(Resource, used: Int)
        /// It was there; its metadata is what was given now, if any was.
        case known(Resource, used: Int)
        /// There is no place for one more; nothing was changed.
        case overQuota(used: Int)
        /// Too many accounts are new; nothing was changed.
        case refused(LedgerError)
    }

    /// Some of the things of one kind, in the order of their names' bytes.
    public struct Page: Equatable, Sendable {
        /// How many there are in all.
        public let used: Int
        public let resources: [Resource]
        /// Whether there are more behind these.
        public let hasMore: Bool
    }

    private let controlStore: ControlStore
    private let newAccounts: NewAccounts?

    /// - Parameter newAccounts: the bound that accounts count against which become known by a
    ///   resource; nil takes any number.
    public init(_ controlStore: ControlStore, newAccounts: NewAccounts? = nil) {
        self.controlStore = controlStore
        self.newAccounts = newAccounts
    }

    /// Makes a name the account's own, if it is not yet and there is place. All in one step,
    /// whoever else asks.
    /// - Parameters:
    ///   - metadata: a JSON object as text, which replaces what is kept; nil leaves that.
    ///   - quota: how many there may be; the account's plan says it.
    /// - Throws: `RedisError`; after a `.lost` failure, asking again is safe.
    public func register(
        _ name: String, of kind: String, for account: Account, metadata: String?, quota: Int
    ) async throws -> Registration {
        let refusesNew = newAccounts.map { !$0.hasRoom } ?? false
        let reply = try await controlStore.redis.run(
            Self.register,
            keys: keys(kind, account) + [
                controlStore.keys.accountLedger(of: account), controlStore.keys.executions(of: account),
            ],
            arguments: [name, metadata ?? "", String(quota), refusesNew ? "1" : "0"]
        ).elements
        guard reply.count == 4 else { throw Self.unexpected }
        if try reply[3].integer == 1 { newAccounts?.count(1) }
        let used = try reply[1].integer
        let resource = try Resource(name: name, metadata: Self.metadata(reply[2]))
        switch try reply[0].integer {
        case 0: return .known(resource, used: used)
        case 1: return .added(resource, used: used)
        case 3: return .refused(newAccounts?.refusal ?? .notApplied("the account is new"))
        default: return .overQuota(used: used)
        }
    }

    /// - Returns: false when there was no such name.
    public func release(_ name: String, of kind: String, for account: Account) async throws -> Bool {
        try await controlStore.redis.run(Self.release, keys: keys(kind, account), arguments: [name]).integer
            == 1
    }

    /// - Returns: the thing, nil when there is none of that name, and how many of its kind there
    ///   are.
    public func find(
        _ name: String, of kind: String, for account: Account
    ) async throws -> (resource: Resource?, used: Int) {
        let page = try await page(of: kind, for: account, from: "[" + name, count: 1)
        return (page.resources.first { $0.name.utf8.elementsEqual(name.utf8) }, page.used)
    }

    /// - Parameters:
    ///   - after: the name before the first one; nil begins with the first. It need not be there.
    ///   - limit: how many names at most; 1 or more.
    public func page(
        of kind: String, for account: Account, after: String?, limit: Int
    ) async throws -> Page {
        try await page(of: kind, for: account, from: after.map { "(" + $0 } ?? "-", count: limit)
    }

    /// How many things of each of these kinds the account owns.
    public func used(of kinds: [String], by account: Account) async throws -> [Int] {
        var used: [Int] = []
        for kind in kinds {
            used.append(try await controlStore.redis.call(["ZCARD", keys(kind, account)[0]]).integer)
        }
        return used
    }

    // MARK: The scripts

    private static let register = RedisScript(PackageResources.register_lua)
    private static let release = RedisScript(PackageResources.release_lua)
    private static let owned = RedisScript(PackageResources.owned_lua)

    private static let unexpected = RedisError.unexpected("a reply of another shape")

    private func page(of kind: String, for account: Account, from: String, count: Int) async throws -> Page {
        let reply = try await controlStore.redis.run(
            Self.owned, keys: keys(kind, account), arguments: [from, String(count + 1)]
        ).elements
        guard let used = try reply.first?.integer, !reply.count.isMultiple(of: 2) else {
            throw Self.unexpected
        }
        let resources = try stride(from: 1, to: reply.count, by: 2).map {
            try Resource(name: reply[$0].text, metadata: Self.metadata(reply[$0 + 1]))
        }
        return Page(
            used: used, resources: Array(resources.prefix(count)), hasMore: resources.count > count)
    }

    /// Of the names and of their metadata.
    private func keys(_ kind: String, _ account: Account) -> [String] {
        [
            controlStore.keys.record("r:" + kind, of: account),
            controlStore.keys.record("m:" + kind, of: account),
        ]
    }

    private static func metadata(_ reply: RedisReply) throws -> String? {
        let text = try reply.text
        return text.isEmpty ? nil : text
    }
}

extension RedisScript {
    fileprivate convenience init(_ file: [UInt8]) { self.init(String(decoding: file, as: UTF8.self)) }
}
