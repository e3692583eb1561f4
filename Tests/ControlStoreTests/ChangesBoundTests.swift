// The log of changes is bounded in bytes: of an entry, of a page, and of the whole log.

import Accounting
import ControlStore
import TestServers
import Testing
import WireFormat

@Suite("The bytes of the log of changes")
struct ChangesBoundTests {
    /// A plan whose text is long: with as many kinds as there may be.
    private static func longPlan(_ executions: Int) throws -> Plan {
        let kinds = try (0..<100).map { number in
            (String(repeating: "k", count: 60) + "\(number)", try Ceiling(maxDurationMs: 1_000 + number))
        }
        return try Plan(
            name: "long",
            limits: [Limit(name: "executions", meter: .executions, amount: executions, windowMs: 60_000)],
            kinds: Dictionary(uniqueKeysWithValues: kinds))
    }

    @Test("A text of more than 8 KiB is told by its length and its digest; a shorter one whole")
    func entries() async throws {
        try await ControlStoreRig.with { rig in
            _ = try await rig.plans.put(try Self.longPlan(1), by: "ann")
            _ = try await rig.plans.put(try ControlStoreRig.plan("short"), by: "ann")
            let changes = try await rig.plans.changes(before: nil, limit: 10).changes
            #expect(changes.map(\.what) == ["put plan short", "put plan long"])
            guard case .object(let long)? = changes[1].after, case .object(let short)? = changes[0].after
            else {
                Issue.record("\(changes)")
                return
            }
            #expect(short["limits"] != nil)
            #expect(Set(long.keys) == ["bytes", "sha1"])
        }
    }

    @Test("A page ends at about 1 MiB, and the next goes on where it ended")
    func pages() async throws {
        try await ControlStoreRig.with { rig in
            let text = "\"" + String(repeating: "x", count: 8_000) + "\""
            for number in 0..<400 {
                try rig.server.command(
                    "XADD", "stint:{plans}:audit", "*", "who", "ann", "what", "change \(number)", "before",
                    text, "after", text)
            }
            var (seen, sizes): ([String], [Int]) = ([], [])
            var before: String?
            repeat {
                let page = try await rig.plans.changes(before: before, limit: 1_000)
                sizes.append(page.changes.count)
                seen += page.changes.map(\.what)
                before = page.next
            } while before != nil
            #expect(seen == (0..<400).reversed().map { "change \($0)" })
            // 16 KB each.
            #expect(sizes.dropLast().allSatisfy { (50...70).contains($0) }, "\(sizes)")
            let three = try await rig.plans.changes(before: nil, limit: 3)
            #expect(three.changes.count == 3 && three.next == three.changes[2].id)
        }
    }

    @Test("All of it takes about 16 MiB at most, and the latest change stays")
    func whole() async throws {
        try await ControlStoreRig.with { rig in
            let key = "stint:{plans}:audit"
            let script =
                "for i = 1, 1500 do redis.call('XADD', KEYS[1], '*', 'who', 'ann', 'after', ARGV[1]) end"
            try rig.server.command("EVAL", script, "1", key, String(repeating: "x", count: 16_000))
            func memory() throws -> Int {
                try #require(Int(try rig.server.command("MEMORY", "USAGE", key, "SAMPLES", "0")))
            }
            #expect(try memory() > 24_000_000)
            for executions in 1...4 {
                _ = try await rig.plans.put(try ControlStoreRig.plan("p", executions: executions), by: "ann")
            }
            #expect(try memory() < 17_500_000)
            let changes = try await rig.plans.changes(before: nil, limit: 4).changes
            #expect(changes.map(\.what) == Array(repeating: "put plan p", count: 4))
        }
    }
}
