// Plans written back to a Redis that was emptied: all of them, by one process, and not over newer
// ones.

import Accounting
import ControlStore
import TestServers
import Testing
import WireFormat

@Suite("Plans written back")
struct PlanRestoreTests {
    static let acme = Account("acme")!

    /// Plans free and pro, an override, and what a process has read of them; then Redis is emptied.
    static func lost(_ rig: ControlStoreRig) async throws -> (kept: StoredPlans, reading: StoredPlans.Reading)
    {
        _ = try await rig.plans.importPlans(
            ControlStoreRig.imported(
                ControlStoreRig.plan("free"), ControlStoreRig.plan("pro"), default: "free"))
        _ = try await rig.plans.put(ControlStoreRig.plan("free", executions: 2), by: "ann")
        _ = try await rig.plans.put(AccountOverride(plan: "pro"), of: acme, by: "ann")
        let kept = try await rig.plans.read()
        let reading = try kept.reading(at: kept.now, after: .init(PlanBook.builtIn()))
        #expect(!kept.isLost(at: try await rig.plans.stamp()))
        try rig.server.command("FLUSHALL")
        #expect(kept.isLost(at: try await rig.plans.stamp()))
        return (kept, reading)
    }

    @Test(
        "Of many that write back at once one does it, and everything is as it was, the file imported last included"
    )
    func once() async throws {
        try await ControlStoreRig.with(processes: 4) { rig in
            let (kept, reading) = try await Self.lost(rig)
            let done = try await withThrowingTaskGroup(of: Bool.self) { group in
                for process in rig.processes {
                    group.addTask { try await process.plans.restore(kept, reading) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(done.count { $0 } == 1)
            let stamp = try #require(try await rig.plans.stamp())
            #expect(!kept.isLost(at: stamp) && stamp.revision > kept.revision ?? .max)
            let book = try await rig.reading().book
            #expect(book.defaultPlan.name == "free" && book.defaultPlan.limits[0].amount == 2)
            #expect(book.plan(of: Self.acme).name == "pro" && book.overrideCount == 1)
            #expect(try await rig.plans.deletePlan("pro", by: "ann") == .refused(.isUsed(accounts: 1)))
            let same = try ControlStoreRig.imported(
                ControlStoreRig.plan("free"), ControlStoreRig.plan("pro"), default: "free")
            #expect(try await rig.plans.importPlans(same) == .wasImportedLast)
            let log = try await rig.plans.changes(before: nil, limit: 10)
            #expect(log.changes.map { "\($0.who): \($0.what)" } == ["stint: restore"])
            #expect(try await rig.plans.restore(kept, reading) == false, "nothing is lost any more")
        }
    }

    @Test("A change made meanwhile stays, and what it does not touch comes back")
    func changedMeanwhile() async throws {
        try await ControlStoreRig.with { rig in
            let (kept, reading) = try await Self.lost(rig)
            _ = try await rig.plans.put(ControlStoreRig.plan("free", executions: 33), by: "bob")
            _ = try await rig.plans.put(ControlStoreRig.plan("new", executions: 44), by: "bob")
            _ = try await rig.plans.put(AccountOverride(plan: "new"), of: Self.acme, by: "bob")
            #expect(kept.isLost(at: try await rig.plans.stamp()))
            #expect(try await rig.plans.restore(kept, reading))
            let book = try await rig.reading().book
            #expect(book.plans.keys.sorted() == ["free", "new", "pro"])
            #expect(book.defaultPlan.name == "free" && book.defaultPlan.limits[0].amount == 33)
            #expect(book.plan(of: Self.acme).name == "new")
        }
    }

    @Test(
        "A process that starts against the empty Redis takes nothing away, whichever comes first",
        arguments: [true, false])
    func fresh(importIsFirst: Bool) async throws {
        try await ControlStoreRig.with { rig in
            let builtIn = PlanImport(file: nil, text: nil, book: try .builtIn())
            let (kept, reading) = try await Self.lost(rig)
            if importIsFirst { #expect(try await rig.plans.importPlans(builtIn) == .imported) }
            #expect(try await rig.plans.restore(kept, reading))
            if !importIsFirst { #expect(try await rig.plans.importPlans(builtIn) == .wasImportedLast) }
            let book = try await rig.reading().book
            #expect(book.defaultPlan.name == "free" && book.defaultPlan.limits[0].amount == 2)
            #expect(book.plan(of: Self.acme).name == "pro")
        }
    }

    @Test(
        "A new text of the file counts over what is written back, whichever comes first",
        arguments: [true, false])
    func newFile(importIsFirst: Bool) async throws {
        try await ControlStoreRig.with { rig in
            let new = try ControlStoreRig.imported(
                ControlStoreRig.plan("free", executions: 9), default: "free", text: "new")
            let (kept, reading) = try await Self.lost(rig)
            if importIsFirst { #expect(try await rig.plans.importPlans(new) == .imported) }
            #expect(try await rig.plans.restore(kept, reading))
            if !importIsFirst { #expect(try await rig.plans.importPlans(new) == .imported) }
            #expect(try await rig.plans.importPlans(new) == .wasImportedLast)
            let book = try await rig.reading().book
            #expect(book.defaultPlan.limits[0].amount == 9 && book.plans.keys.sorted() == ["free", "pro"])
            #expect(book.plan(of: Self.acme).name == "pro")
        }
    }

    @Test("Plans that were begun anew and changed since are nobody's to undo")
    func begunAnew() async throws {
        try await ControlStoreRig.with { rig in
            let (kept, reading) = try await Self.lost(rig)
            _ = try await rig.plans.importPlans(PlanImport(file: nil, text: nil, book: try .builtIn()))
            _ = try await rig.plans.put(ControlStoreRig.plan("own", executions: 1), by: "ann")
            _ = try await rig.plans.setDefault("own", by: "ann")
            #expect(kept.isLost(at: try await rig.plans.stamp()))
            #expect(try await rig.plans.restore(kept, reading) == false)
            let book = try await rig.reading().book
            #expect(book.defaultPlan.name == "own" && book.overrideCount == 0)
        }
    }

    @Test("Thousands of overrides come back, but those whose time is over")
    func many() async throws {
        try await ControlStoreRig.with { rig in
            _ = try await rig.plans.importPlans(
                ControlStoreRig.imported(ControlStoreRig.plan("free"), default: "free"))
            let now = try await rig.plans.read().now
            for (name, end) in [("over", now + 60_000), ("going-on", now + 600_000)] {
                _ = try await rig.plans.put(
                    AccountOverride(amounts: ["executions": 7], expiresAt: end), of: Account(name)!, by: "ann"
                )
            }
            try rig.server.command(
                "EVAL",
                """
                for i = 1, 5000 do
                    redis.call('HSET', KEYS[1], 'account-' .. i, '5 {"amounts":{"executions":' .. i % 9 .. '}}')
                end
                """, "1", "stint:{plans}:accounts")
            let kept = try await rig.plans.read()
            let reading = try kept.reading(at: now + 70_000, after: .init(PlanBook.builtIn()))
            try rig.server.command("FLUSHALL")
            #expect(try await rig.plans.restore(kept, reading))
            let back = try await rig.reading()
            #expect(back.complaints.isEmpty && back.book.overrideCount == 5_001)
            #expect(back.book.plan(of: Account("account-4999")!).limits[0].amount == 4_999 % 9)
            #expect(back.book.plan(of: Account("going-on")!).limits[0].amount == 7)
            #expect(back.nextExpiry == now + 600_000)
        }
    }
}
