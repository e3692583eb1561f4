// Plans and overrides on a real Redis: one change at a time, each with its row in the audit log. No
// damaged plan turns a limit off.

import Accounting
import ControlStore
import Redis
import TestServers
import Testing
import WireFormat

@Suite("Plans in Redis")
struct PlanStoreTests {
    static let acme = Account("acme")!

    @Test("What is put is read back equal, changed at its revision only, and every change is in the log")
    func life() async throws {
        try await ControlStoreRig.with { rig in
            let store = rig.plans
            #expect(try await store.stamp() == nil)
            #expect(
                try await store.importPlans(
                    ControlStoreRig.imported(ControlStoreRig.plan("free"), default: "free"))
                    == .imported)
            let first = try await store.put(ControlStoreRig.plan("pro"), if: .isAbsent, by: "ann")
            guard case .done(let revision, isNew: true) = first else {
                Issue.record("\(first)")
                return
            }
            #expect(try await store.plan("pro")?.revision == revision)
            #expect(
                try await store.put(ControlStoreRig.plan("pro"), if: .isAbsent, by: "ann")
                    == .refused(.preconditionFailed))
            let again = try await store.put(ControlStoreRig.plan("pro"), by: "ann")
            #expect(again == .done(revision: revision, isNew: false), "an equal plan changes nothing")
            let second = try await store.put(
                ControlStoreRig.plan("pro", executions: 20), if: .isRevision(revision), by: "bob")
            #expect(second.revision.map { $0 > revision } == true)
            #expect(
                try await store.deletePlan("pro", if: .isRevision(revision), by: "ann")
                    == .refused(.preconditionFailed))
            #expect(try await store.deletePlan("free", by: "ann") == .refused(.isDefault))
            #expect(try await store.deletePlan("none", by: "ann") == .refused(.absent))
            #expect(try await store.setDefault("none", by: "ann") == .refused(.unknownPlan))
            #expect(try await store.setDefault("pro", by: "ann").revision != nil)
            #expect(try await store.deletePlan("free", by: "ann").revision != nil)

            let reading = try await rig.reading()
            #expect(reading.complaints.isEmpty)
            #expect(reading.book.defaultPlan.name == "pro" && reading.book.defaultPlan.limits[0].amount == 20)
            let log = try await store.changes(before: nil, limit: 100)
            #expect(
                log.changes.map { "\($0.who): \($0.what)" } == [
                    "ann: delete plan free", "ann: set default", "bob: put plan pro", "ann: put plan pro",
                    "file plans.yaml: import \(try ControlStoreRig.imported(ControlStoreRig.plan("free"), default: "free").digest)",
                    "file plans.yaml: set default", "file plans.yaml: put plan free",
                ])
            #expect(log.next == nil)
            #expect(log.changes[0].after == nil && log.changes[0].before != nil)
            #expect(log.changes[1].before == .string("free") && log.changes[1].after == .string("pro"))
            let page = try await store.changes(before: nil, limit: 2)
            #expect(page.changes == Array(log.changes[..<2]))
            let rest = try await store.changes(before: page.next, limit: 100)
            #expect(rest.changes == Array(log.changes[2...]))
        }
    }

    @Test("Of two who change what they have seen, one wins, whatever the timing")
    func race() async throws {
        try await ControlStoreRig.with { rig in
            let store = rig.plans
            var revision = try #require(
                try await store.put(ControlStoreRig.plan("pro", executions: 1), by: "ann").revision)
            for round in 0..<20 {
                let seen = revision
                let outcomes = try await withThrowingTaskGroup(of: PlanOutcome.self) { group in
                    for writer in 1...8 {
                        group.addTask {
                            try await store.put(
                                ControlStoreRig.plan("pro", executions: round * 10 + writer + 1),
                                if: .isRevision(seen), by: "writer-\(writer)")
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                let winners = outcomes.compactMap(\.revision)
                #expect(winners.count == 1)
                #expect(outcomes.count { $0 == .refused(.preconditionFailed) } == 7)
                revision = winners[0]
            }
            #expect(try await store.changes(before: nil, limit: 1_000).changes.count == 21)
        }
    }

    @Test("An account has its plan and its amounts; a plan that somebody has cannot be deleted")
    func overrides() async throws {
        try await ControlStoreRig.with { rig in
            let store = rig.plans
            _ = try await store.importPlans(
                ControlStoreRig.imported(
                    ControlStoreRig.plan("free"), ControlStoreRig.plan("pro", executions: 50), default: "free"
                ))
            let double = AccountOverride(plan: "pro", amounts: ["executions": 100])
            #expect(try await store.put(double, of: Self.acme, if: .isAbsent, by: "ann").revision != nil)
            #expect(try await store.override(of: Self.acme)?.value == double)
            #expect(try await store.deletePlan("pro", by: "ann") == .refused(.isUsed(accounts: 1)))
            #expect(
                try await store.put(AccountOverride(plan: "none"), of: Self.acme, by: "ann")
                    == .refused(.unknownPlan))
            await #expect(throws: PlanError.self) {
                try await store.put(AccountOverride(amounts: ["runs": 1]), of: Self.acme, by: "ann")
            }
            await #expect(throws: PlanError.self) {
                try await store.put(AccountOverride(amounts: ["executions": -1]), of: Self.acme, by: "ann")
            }
            await #expect(throws: PlanError.self) {
                try await store.put(AccountOverride(), of: Self.acme, by: "ann")
            }
            let book = try await rig.reading().book
            #expect(book.plan(of: Self.acme).name == "pro")
            #expect(book.plan(of: Self.acme).limits[0].amount == 100)
            #expect(book.plan(of: Account("other")!) === book.defaultPlan)
            #expect(
                try await store.put(AccountOverride(plan: "free"), of: Self.acme, by: "ann").revision != nil)
            #expect(try await store.deletePlan("pro", by: "ann").revision != nil)
            #expect(try await store.deleteOverride(of: Self.acme, by: "ann").revision != nil)
            #expect(try await store.deleteOverride(of: Self.acme, by: "ann") == .refused(.absent))
            #expect(try await rig.reading().book.overrideCount == 0)
        }
    }

    @Test("An override ends by Redis' clock, once, and its end is in the log")
    func expiry() async throws {
        try await ControlStoreRig.with { rig in
            let store = rig.plans
            _ = try await store.importPlans(
                ControlStoreRig.imported(ControlStoreRig.plan("free"), default: "free"))
            let now = try await store.read().now
            let past = AccountOverride(amounts: ["executions": 20], expiresAt: now)
            #expect(try await store.put(past, of: Self.acme, by: "ann") == .refused(.hasExpired))
            let soon = AccountOverride(amounts: ["executions": 20], expiresAt: now + 60_000)
            let revision = try #require(try await store.put(soon, of: Self.acme, by: "ann").revision)
            #expect(try await store.expireOverride(of: Self.acme, at: revision) == .refused(.notExpired))

            let kept = try await store.read()
            let before = try kept.reading(at: kept.now, after: .init(PlanBook.builtIn()))
            #expect(before.nextExpiry == now + 60_000 && before.expired.isEmpty)
            #expect(before.book.plan(of: Self.acme).limits[0].amount == 20)
            let after = try kept.reading(at: now + 60_000, after: before)
            #expect(after.nextExpiry == nil && after.expired.map(\.account) == [Self.acme])
            #expect(after.book.plan(of: Self.acme) === after.book.defaultPlan)

            // As if a minute had gone by.
            try rig.server.command(
                "HSET", "stint:{plans}:accounts", "acme", "\(revision) {\"expiresAt\":\(now.ms)}")
            #expect(
                try await store.expireOverride(of: Self.acme, at: revision - 1)
                    == .refused(.preconditionFailed))
            #expect(try await store.expireOverride(of: Self.acme, at: revision).revision != nil)
            #expect(
                try await store.expireOverride(of: Self.acme, at: revision) == .refused(.preconditionFailed))
            let log = try await store.changes(before: nil, limit: 1)
            #expect(log.changes[0].what == "expired override acme" && log.changes[0].who == "stint")
        }
    }

    @Test(
        "A file is imported once, and what was edited since stays; another text, and then the old one, is imported again"
    )
    func importedWhenItChanges() async throws {
        try await ControlStoreRig.with { rig in
            let store = rig.plans
            let builtIn = PlanImport(file: nil, text: nil, book: try .builtIn())
            let outcomes = try await withThrowingTaskGroup(of: PlanImportOutcome.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try await store.importPlans(
                            ControlStoreRig.imported(ControlStoreRig.plan("free"), default: "free"))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == .imported } == 1)
            #expect(try await store.importPlans(builtIn) == .wasImportedLast, "there are plans")
            _ = try await store.put(ControlStoreRig.plan("free", executions: 99), by: "ann")
            let same = try ControlStoreRig.imported(ControlStoreRig.plan("free"), default: "free")
            #expect(try await store.importPlans(same) == .wasImportedLast)
            #expect(try await store.plan("free")?.value.limits[0].amount == 99)
            let other = try ControlStoreRig.imported(
                ControlStoreRig.plan("free", executions: 7), default: "free", text: "new")
            #expect(try await store.importPlans(other) == .imported)
            #expect(try await store.plan("free")?.value.limits[0].amount == 7)
            #expect(try await store.importPlans(other) == .wasImportedLast)
            #expect(try await store.importPlans(same) == .imported, "rolled back")
            #expect(try await store.plan("free")?.value.limits[0].amount == 10)
            #expect(try await store.importPlans(same) == .wasImportedLast)
            #expect(try rig.server.command("HGET", "stint:{plans}:book", "imported") == same.digest)
            // As an earlier version kept it: the latest of many comes last.
            try rig.server.command("HSET", "stint:{plans}:book", "imported", "\(same.digest) \(other.digest)")
            #expect(try await store.importPlans(other) == .wasImportedLast)
            #expect(try await store.importPlans(same) == .imported)
        }
    }

    @Test("What is missing or broken in Redis leaves the last good plans, and is said")
    func broken() async throws {
        try await ControlStoreRig.with { rig in
            let store = rig.plans
            _ = try await store.importPlans(
                ControlStoreRig.imported(
                    ControlStoreRig.plan("free"), ControlStoreRig.plan("pro", executions: 50), default: "free"
                ))
            _ = try await store.put(AccountOverride(plan: "pro"), of: Self.acme, by: "ann")
            var reading = try await rig.reading()
            #expect(reading.complaints.isEmpty)

            for text in ["7 {\"limits\":[]}", "not even a revision", "8 {", "9 {\"limits\":5,\"x\":1}"] {
                try rig.server.command("HSET", "stint:{plans}:book", "plan pro", text)
                reading = try await rig.reading(after: reading)
                #expect(reading.book.plan(of: Self.acme).limits[0].amount == 50, "the last good one")
                #expect(reading.complaints.count == 1 && reading.complaints[0].hasPrefix("plan pro: "))
            }
            try rig.server.command(
                "HSET", "stint:{plans}:accounts", "acme", "5 {\"plan\":7}", "b", "5 {\"plan\":\"gone\"}")
            try rig.server.command(
                "HSET", "stint:{plans}:accounts", "c d", "5 {}", "e",
                "6 {\"amounts\":{\"executions\":-1,\"runs\":3}}")
            try rig.server.command("HSET", "stint:{plans}:book", "default", "gone")
            reading = try await rig.reading(after: reading)
            for name in ["acme", "b", "c", "e"] {
                let plan = reading.book.plan(of: Account(name)!)
                #expect(plan.limits.map(\.amount) == [10], "\(name)")
            }
            #expect(reading.complaints.count == 7, "\(reading.complaints)")

            try rig.server.command("FLUSHALL")
            reading = try await rig.reading(after: reading)
            #expect(reading.book.defaultPlan.limits[0].amount == 10)
            #expect(try await store.stamp() == nil)
        }
    }

    @Test("A thousand plans and a hundred thousand overrides are kept; one more is refused")
    func bounds() async throws {
        try await ControlStoreRig.with { rig in
            let store = rig.plans
            let plans = try (0..<1_000).map { try ControlStoreRig.plan("plan-\($0)", executions: $0) }
            let book = try PlanBook(plans: plans, default: "plan-0")
            #expect(try await store.importPlans(PlanImport(file: "a", text: "a", book: book)) == .imported)
            #expect(try await store.put(ControlStoreRig.plan("one-more"), by: "ann") == .refused(.tooMany))
            #expect(
                try await store.put(ControlStoreRig.plan("plan-1", executions: 77), by: "ann").revision != nil
            )
            try rig.server.command(
                "EVAL",
                """
                for i = 1, 100000 do
                    redis.call('HSET', KEYS[1], 'account-' .. i, '5 {"plan":"plan-' .. i % 3 .. '"}')
                end
                """, "1", "stint:{plans}:accounts")
            #expect(
                try await store.put(AccountOverride(plan: "plan-1"), of: Self.acme, by: "ann")
                    == .refused(.tooMany))
            let clock = ContinuousClock()
            var reading: StoredPlans.Reading?
            let took = try await clock.measure { reading = try await rig.reading() }
            let found = try #require(reading)
            #expect(found.complaints.isEmpty && found.book.overrideCount == 100_000)
            let distinct = Set(
                (1...1_000).map { ObjectIdentifier(found.book.plan(of: Account("account-\($0)")!)) })
            #expect(distinct.count == 3, "accounts with the same plan and amounts share one")
            print("  1,000 plans and 100,000 overrides were read in \(took)")
        }
    }
}
