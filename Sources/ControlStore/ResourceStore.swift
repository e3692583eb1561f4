// The named things that accounts own, up to their quota of each sort. Names and a little metadata
// are kept, never the content: no secret's value ever comes here. The callers check sorts and
// names.

public import Accounting
import Redis

public struct ResourceStore: Sendable {
    /// A thing and its metadata.
    public struct Resource: Equatable, Sendable {
        public let name: String
        /// A JSON object as text; nil if there is none.
        public let metadata: String?
    }

    /// The result of ``register(_:of:for:metadata:quota:)``.
    public enum Registration: Equatable, Sendable {
        /// - Parameter used: the number of things, including this one.
        case added(Resource, used: Int)
        /// It existed; new metadata, if given, replaced the old.
        case known(Resource, used: Int)
        /// There is no room for one more; nothing changed.
        case overQuota(used: Int)
        /// Too many accounts are new; nothing changed.
        case refused(LedgerError)
    }

    /// A page of the things of one sort, in the order of their names' bytes.
    public struct Page: Equatable, Sendable {
        /// The number of all things of the sort.
        public let used: Int
        public let resources: [Resource]
        /// Whether more follow.
        public let hasMore: Bool
    }

    private let controlStore: ControlStore
    private let newAccounts: NewAccounts?

    /// - Parameter newAccounts: the bound on accounts that become known by a resource; nil: none.
    public init(_ controlStore: ControlStore, newAccounts: NewAccounts? = nil) {
        self.controlStore = controlStore
        self.newAccounts = newAccounts
    }

    /// Makes a name the account's own, if it is new and there is room. This is one step, also when
    /// several clients ask at once.
    /// - Parameters:
    ///   - name: the name of the thing.
    ///   - kind: its sort.
    ///   - account: the account.
    ///   - metadata: a JSON object as text, which replaces what is kept; nil keeps it.
    ///   - quota: the maximum number of things, from the account's plan.
    /// - Throws: `RedisError`; after a `.lost` failure, repeating it is safe.
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

    /// - Returns: false if the name did not exist.
    public func release(_ name: String, of kind: String, for account: Account) async throws -> Bool {
        try await controlStore.redis.run(Self.release, keys: keys(kind, account), arguments: [name]).integer
            == 1
    }

    /// - Returns: the thing, or nil if there is none of that name, and the number of things of its
    ///   sort.
    public func find(
        _ name: String, of kind: String, for account: Account
    ) async throws -> (resource: Resource?, used: Int) {
        let page = try await page(of: kind, for: account, from: "[" + name, count: 1)
        return (page.resources.first { $0.name.utf8.elementsEqual(name.utf8) }, page.used)
    }

    /// - Parameters:
    ///   - kind: the sort.
    ///   - account: the account.
    ///   - after: the name before the first one; nil: start with the first. It need not exist.
    ///   - limit: the maximum number of names; 1 or more.
    public func page(
        of kind: String, for account: Account, after: String?, limit: Int
    ) async throws -> Page {
        try await page(of: kind, for: account, from: after.map { "(" + $0 } ?? "-", count: limit)
    }

    /// How many things of each of these sorts the account owns.
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

    private static let unexpected = RedisError.unexpected("the script's reply has an unknown form")

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

    /// The keys of the names and of their metadata.
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
