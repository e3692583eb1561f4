// The bounds of plans, limits and ceilings, and their error messages.

import Accounting
import Testing

@Suite("Plans")
struct PlanTests {
    struct Row: Sendable, CustomStringConvertible {
        let description: String
        let make: @Sendable () throws -> Void

        init(_ message: String, _ make: @escaping @Sendable () throws -> Void) {
            description = message
            self.make = make
        }
    }

    private static func limit(
        _ name: String = "l", _ meter: Meter = .executions, _ amount: Int = 1, windowMs: Int = 1_000,
        cells: Int = 60
    ) throws -> Limit {
        try Limit(name: name, meter: meter, amount: amount, windowMs: windowMs, cells: cells)
    }

    private static func limits(_ count: Int) throws -> [Limit] {
        try (0..<count).map { try limit("l\($0)") }
    }

    private static func named(_ count: Int) -> [String] { (0..<count).map { "n\($0)" } }

    static let refused: [Row] = [
        Row("name: must be 1 to 64 bytes of A-Z a-z 0-9 . _ -") { _ = try limit("") },
        Row("name: must be 1 to 64 bytes of A-Z a-z 0-9 . _ -") { _ = try limit("a b") },
        Row("name: must be 1 to 64 bytes of A-Z a-z 0-9 . _ -") {
            _ = try limit(String(repeating: "x", count: 65))
        },
        Row("amount: must be 0 to 2147483647, not -1") { _ = try limit("l", .executions, -1) },
        Row("amount: must be 0 to 2147483647, not 2147483648") {
            _ = try limit("l", .executions, 2_147_483_648)
        },
        Row("amount: must be 0 to 1099511627776, not 1099511627777") {
            _ = try limit("l", .executionTime, 1_099_511_627_777)
        },
        Row("windowMs: must be 1000 to 2678400000, not 999") { _ = try limit(windowMs: 999) },
        Row("windowMs: must be 1000 to 2678400000, not 2678400001") {
            _ = try limit(windowMs: 2_678_400_001)
        },
        Row("cells: must be 1 to 1000, not 0") { _ = try limit(cells: 0) },
        Row("cells: must be 1 to 1000, not 1001") { _ = try limit(cells: 1_001) },
        Row("name: must be 1 to 64 bytes of A-Z a-z 0-9 . _ -") {
            _ = try Plan(name: "a/b", limits: limits(1))
        },
        Row("limits: must hold 1 to 32 limits, not 0") { _ = try Plan(name: "p", limits: []) },
        Row("limits: must hold 1 to 32 limits, not 33") { _ = try Plan(name: "p", limits: limits(33)) },
        Row("limits[1].name: duplicate limit 'l'") { _ = try Plan(name: "p", limits: [limit(), limit()]) },
        Row("kinds: must hold 0 to 100 kinds, not 101") {
            let kinds = Dictionary(uniqueKeysWithValues: named(101).map { ($0, Ceiling.none) })
            _ = try Plan(name: "p", limits: limits(1), kinds: kinds)
        },
        Row("kinds.a b: must be 1 to 64 bytes of A-Z a-z 0-9 . _ -") {
            _ = try Plan(name: "p", limits: limits(1), kinds: ["a b": .none])
        },
        Row("minimumGrantMs: must be 1 to 2678400000, not 0") {
            _ = try Plan(name: "p", limits: limits(1), minimumGrantMs: 0)
        },
        Row("minimumGrantMs: must be 1 to 2678400000, not 2678400001") {
            _ = try Plan(name: "p", limits: limits(1), minimumGrantMs: 2_678_400_001)
        },
        Row("resources: must hold 0 to 100 kinds, not 101") {
            let resources = Dictionary(uniqueKeysWithValues: named(101).map { ($0, 1) })
            _ = try Plan(name: "p", limits: limits(1), resources: resources)
        },
        Row("resources.: must be 1 to 64 bytes of A-Z a-z 0-9 . _ -") {
            _ = try Plan(name: "p", limits: limits(1), resources: ["": 1])
        },
        Row("resources.secrets: must be 0 to 1000000, not -1") {
            _ = try Plan(name: "p", limits: limits(1), resources: ["secrets": -1])
        },
        Row("maxDurationMs: must be 1 to 2678400000, not 0") { _ = try Ceiling(maxDurationMs: 0) },
        Row("maxDurationMs: must be 1 to 2678400000, not 2678400001") {
            _ = try Ceiling(maxDurationMs: 2_678_400_001)
        },
        Row("memoryBytes: must be 0 to 9007199254740991, not -1") { _ = try Ceiling(memoryBytes: -1) },
        Row("payloadBytes: must be 0 to 9007199254740991, not 9007199254740992") {
            _ = try Ceiling(payloadBytes: 9_007_199_254_740_992)
        },
        Row("plans: must hold 1 to 1000 plans, not 0") { _ = try PlanBook(plans: [], default: "p") },
        Row("plans.serverless: duplicate plan") {
            _ = try PlanBook(plans: [.serverless(), .serverless()], default: "serverless")
        },
        Row("default: unknown plan 'gold'; known: p, serverless") {
            let plans = try [Plan.serverless(), Plan(name: "p", limits: limits(1))]
            _ = try PlanBook(plans: plans, default: "gold")
        },
    ]

    @Test("Out of bounds is an error that names the field, the bound and the value", arguments: refused)
    func refuses(_ row: Row) {
        let error = #expect(throws: PlanError.self) { try row.make() }
        #expect(error?.description == row.description)
    }

    @Test("The bounds themselves are inside")
    func takesBounds() throws {
        for (meter, amount) in [
            (Meter.executions, 0), (.executions, 2_147_483_647), (.executionTime, 0),
            (.executionTime, 1_099_511_627_776),
        ] {
            for windowMs in [1_000, 2_678_400_000] {
                for cells in [1, 1_000] {
                    let limit = try PlanTests.limit("l", meter, amount, windowMs: windowMs, cells: cells)
                    #expect(limit.amount == amount)
                    #expect(limit.window == WindowShape(lengthMs: windowMs, cells: cells))
                }
            }
        }
        let longest = 2_678_400_000
        let ceiling = try Ceiling(maxDurationMs: longest, memoryBytes: 9_007_199_254_740_991, payloadBytes: 0)
        #expect(ceiling.maxDurationMs == longest)
        let plan = try Plan(
            name: String(repeating: "x", count: 64), limits: PlanTests.limits(32), minimumGrantMs: longest,
            resources: ["secrets": 0, "endpoints": 1_000_000])
        #expect(plan.limits.count == 32)
    }

    @Test("Limits of one window shape share it; another length or number of cells is another window")
    func sharesWindows() throws {
        let plan = try Plan(
            name: "p",
            limits: [
                PlanTests.limit("a", windowMs: 60_000), PlanTests.limit("b", windowMs: 1_000),
                PlanTests.limit("c", .executionTime, windowMs: 60_000),
                PlanTests.limit("d", windowMs: 60_000, cells: 10),
            ])
        #expect(
            plan.windows == [
                WindowShape(lengthMs: 60_000), WindowShape(lengthMs: 1_000),
                WindowShape(lengthMs: 60_000, cells: 10),
            ])
        #expect(plan.windowOfLimit == [0, 1, 0, 2])
    }

    @Test("The built-in plan has the documented limits and ceilings")
    func builtIn() throws {
        let book = try PlanBook.builtIn()
        let plan = book.plan(of: Account("anyone")!)
        #expect(plan.name == "serverless" && plan === book.defaultPlan && book.plans.count == 1)
        #expect(
            plan.limits == [
                try Limit(name: "execution-time", meter: .executionTime, amount: 600_000, windowMs: 60_000),
                try Limit(name: "executions", meter: .executions, amount: 6_000, windowMs: 60_000),
            ])
        let function = plan.kinds?["function"]
        let action = plan.kinds?["workflow-action"]
        #expect(function?.maxDurationMs == 10_000 && action?.maxDurationMs == 20_000)
        #expect(function?.memoryBytes == 134_217_728 && action?.memoryBytes == 134_217_728)
        #expect(function?.payloadBytes == 6_291_456 && action?.payloadBytes == 6_291_456)
        #expect(plan.kinds?.count == 2 && plan.minimumGrantMs == 100)
        #expect(plan.resources == ["secrets": 50, "endpoints": 100, "webhooks": 100])
        #expect(plan.whenUnavailable == .deny)
    }
}
