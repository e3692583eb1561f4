// Which account owns what, on a real Redis: exact under races, in order, and never beyond the
// quota.

import Accounting
import ControlStore
import TestServers
import Testing

@Suite("Resource store", .timeLimit(.minutes(2)))
struct ResourceStoreTests {
    typealias Registration = ResourceStore.Registration

    let acme: Account

    init() throws { acme = try #require(Account("acme:prod")) }

    @Test("A name is added once, keeps its metadata until new comes, and can be released once")
    func life() async throws {
        try await ControlStoreRig.with { rig in
            let store = ResourceStore(rig.controlStore)
            let first = try await register(store, "key", nil)
            #expect(first == "added none 1")
            #expect(try await register(store, "key", #"{"a":1}"#) == #"known {"a":1} 1"#)
            #expect(try await register(store, "key", nil) == #"known {"a":1} 1"#)
            #expect(try await register(store, "key", "{}") == "known {} 1")
            #expect(try await store.find("key", of: "secrets", for: acme).resource?.metadata == "{}")
            #expect(try await store.find("ke", of: "secrets", for: acme).resource == nil)
            #expect(try await store.find("key", of: "webhooks", for: acme).used == 0)
            #expect(try await store.release("key", of: "secrets", for: acme))
            #expect(try await !store.release("key", of: "secrets", for: acme))
            #expect(try await store.find("key", of: "secrets", for: acme).used == 0)
            #expect(try rig.server.command("KEYS", "*") == "", "nothing is left behind")
            // Metadata does not outlive its thing.
            #expect(try await register(store, "key", nil) == "added none 1")
        }
    }

    @Test("A quota that was lowered keeps what is there and refuses what is new")
    func lowered() async throws {
        try await ControlStoreRig.with { rig in
            let store = ResourceStore(rig.controlStore)
            for name in ["a", "b", "c"] { _ = try await register(store, name, nil, quota: 3) }
            #expect(try await register(store, "d", nil, quota: 2) == "over 3")
            #expect(try await register(store, "b", "{}", quota: 2) == "known {} 3")
            #expect(try await store.release("a", of: "secrets", for: acme))
            #expect(try await register(store, "d", nil, quota: 2) == "over 2")
            #expect(try await store.release("b", of: "secrets", for: acme))
            #expect(try await register(store, "d", nil, quota: 2) == "added none 2")
            #expect(try await register(store, "e", nil, quota: 0) == "over 2")
        }
    }

    @Test("Of 60 names that two processes register at once, a quota of 50 takes exactly 50")
    func race() async throws {
        try await ControlStoreRig.with(processes: 2) { rig in
            let outcomes = try await outcomes(of: 60, by: rig.processes) { "secret-\($0)" }
            #expect(outcomes.count { $0.hasPrefix("added") } == 50)
            #expect(outcomes.count { $0 == "over 50" } == 10)
            // However often it is tried: those that are in stay in, the others stay out.
            let again = try await self.outcomes(of: 60, by: rig.processes) { "secret-\($0)" }
            #expect(again.count { $0 == "known none 50" } == 50)
            #expect(again.count { $0 == "over 50" } == 10)
        }
    }

    @Test("Of many who register the same name, one has added it")
    func sameName() async throws {
        try await ControlStoreRig.with(processes: 2) { rig in
            let outcomes = try await outcomes(of: 100, by: rig.processes) { _ in "the one" }
            #expect(outcomes.count { $0 == "added none 1" } == 1)
            #expect(outcomes.count { $0 == "known none 1" } == 99)
        }
    }

    @Test("Pages follow the order of bytes, whatever the names, and miss none", arguments: [1, 3, 100])
    func pages(limit: Int) async throws {
        try await ControlStoreRig.with { rig in
            let store = ResourceStore(rig.controlStore)
            let names = [
                "-", "+", "(", "[", "[a", "(a", "", "a", "A", "a/b", "a%2Fb", "é", "e\u{301}", "雪", "🙂", " ",
                "*",
                "a b", "\\", "\"", "'", "{}", "{acme}", "null", "0", "10", "9",
            ].filter { !$0.isEmpty }
            for name in names { _ = try await register(store, name, #"{"of":"\#(name.utf8.count)"}"#) }
            var seen: [ResourceStore.Resource] = []
            var hasMore = true
            while hasMore {
                let page = try await store.page(
                    of: "secrets", for: acme, after: seen.last?.name, limit: limit)
                #expect(page.used == names.count)
                #expect(page.resources.count == min(limit, names.count - seen.count))
                seen += page.resources
                hasMore = page.hasMore
            }
            let sorted = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            #expect(seen.map { Array($0.name.utf8) } == sorted.map { Array($0.utf8) })
            #expect(seen.allSatisfy { $0.metadata == #"{"of":"\#($0.name.utf8.count)"}"# })
        }
    }

    @Test("Kinds and accounts do not see each other, and what is owned never expires")
    func apart() async throws {
        try await ControlStoreRig.with { rig in
            let store = ResourceStore(rig.controlStore)
            let other = try #require(Account("acme"))
            _ = try await register(store, "a", "{}")
            _ = try await store.register("b", of: "r", for: acme, metadata: nil, quota: 1)
            _ = try await store.register("c", of: "secrets", for: other, metadata: nil, quota: 1)
            #expect(try await store.used(of: ["secrets", "r", "none"], by: acme) == [1, 1, 0])
            #expect(try await store.used(of: ["secrets", "r"], by: other) == [1, 0])
            for key in try rig.server.command("KEYS", "*").split(separator: "\n") {
                #expect(try rig.server.command("PTTL", String(key)) == "-1")
            }
            #expect(try rig.server.command("EXISTS", "stint:{acme:prod}", "stint:{acme}") == "0")
        }
    }

    @Test("Accounts that become known by a resource count against the bound on new accounts")
    func bounded() async throws {
        try await ControlStoreRig.with { rig in
            let hour = Timestamp(ms: 5_000_000)
            let bound = try NewAccounts(maximumPerHour: 2) { hour }
            let store = ResourceStore(rig.controlStore, newAccounts: bound)
            func isAdded(_ name: String, _ account: String) async throws -> Bool {
                let registration = try await store.register(
                    name, of: "secrets", for: Account(account)!, metadata: nil, quota: 9)
                if case .added = registration { return true }
                guard case .refused(let error) = registration else { return false }
                #expect(error.retryAfterMs == 3_600_000)
                return false
            }
            for (name, account) in [("a", "one"), ("b", "one"), ("a", "two")] {
                #expect(try await isAdded(name, account))
            }
            #expect(try await isAdded("a", "three") == false)
            // Those that own something, or have run something, are served.
            #expect(try await isAdded("c", "one"))
            try rig.server.command("HSET", "stint:{four}", "", "12345678")
            #expect(try await isAdded("a", "four"))
            #expect(try rig.server.command("EXISTS", "stint:{three}:r:secrets") == "0")
        }
    }

    // MARK: Asking

    private func register(
        _ store: ResourceStore, _ name: String, _ metadata: String?, quota: Int = 50
    ) async throws -> String {
        let registration = try await store.register(
            name, of: "secrets", for: acme, metadata: metadata, quota: quota)
        return switch registration {
        case .added(let resource, let used): "added \(resource.metadata ?? "none") \(used)"
        case .known(let resource, let used): "known \(resource.metadata ?? "none") \(used)"
        case .overQuota(let used): "over \(used)"
        case .refused(let error): "refused: \(error.reason)"
        }
    }

    /// So many registrations at once, by all of these processes in turn. What each says of `used`
    /// is true when it is made; so it is left out of an `added`.
    private func outcomes(
        of count: Int, by controlStore: [ControlStore], name: @escaping @Sendable (Int) -> String
    ) async throws -> [String] {
        let stores = controlStore.map { ResourceStore($0) }
        return try await withThrowingTaskGroup(of: String.self) { group in
            for index in 0..<count {
                group.addTask { try await register(stores[index % stores.count], name(index), nil) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}
