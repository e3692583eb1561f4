// Which plan an account has, with and without an override. No override turns a limit off.

import Testing

@testable import Accounting

@Suite("Plan book")
struct PlanBookTests {
    static let acme = Account("acme")!

    static func book() throws -> PlanBook {
        let pro = try Plan(
            name: "pro",
            limits: [
                Limit(name: "executions", meter: .executions, amount: 500, windowMs: 60_000),
                Limit(name: "hourly", meter: .executions, amount: 900, windowMs: 3_600_000),
            ], kinds: ["job": .none], resources: ["secrets": 7], whenUnavailable: .admit)
        return try PlanBook(plans: [.serverless(), pro], default: "serverless")
    }

    static func overridden(
        _ overrides: [Account: AccountOverride], complaints: inout [String]
    ) throws -> PlanBook {
        PlanBook(try book(), overrides: overrides) { complaints.append("\($0): \($1)") }
    }

    @Test("Without overrides every account has the default plan, the very same one")
    func none() throws {
        let book = try Self.book()
        #expect(book.plan(of: Self.acme) === book.defaultPlan)
        #expect(book.overrideCount == 0)
    }

    @Test("An account has its plan with its amounts; everything else is the plan's")
    func amounts() throws {
        var complaints: [String] = []
        let book = try Self.overridden(
            [
                Self.acme: AccountOverride(plan: "pro", amounts: ["hourly": 1_800]),
                Account("own")!: AccountOverride(amounts: ["executions": 12_000]),
                Account("pro")!: AccountOverride(plan: "pro"),
                Account("same")!: AccountOverride(amounts: ["executions": 6_000]),
            ], complaints: &complaints)
        #expect(complaints.isEmpty)
        let plan = book.plan(of: Self.acme)
        let pro = try #require(book.plans["pro"])
        #expect(plan.name == "pro" && plan.limits.map(\.amount) == [500, 1_800])
        #expect(plan.limits.map(\.name) == pro.limits.map(\.name) && plan.windows == pro.windows)
        #expect(plan.windowOfLimit == pro.windowOfLimit && plan.cellCount == pro.cellCount)
        #expect(plan.kinds == pro.kinds && plan.resources == pro.resources && plan.whenUnavailable == .admit)
        #expect(plan.longestStayMs == pro.longestStayMs && plan.minimumGrantMs == pro.minimumGrantMs)
        #expect(book.plan(of: Account("own")!).limits.map(\.amount) == [600_000, 12_000])
        #expect(book.plan(of: Account("pro")!) === pro)
        #expect(book.plan(of: Account("same")!) === book.defaultPlan, "no amount differs")
        #expect(book.plan(of: Account("other")!) === book.defaultPlan)
        #expect(book.plans["pro"]?.limits.map(\.amount) == [500, 900], "the plan itself stays")
    }

    @Test("Accounts with the same plan and amounts share one plan")
    func shared() throws {
        var complaints: [String] = []
        var overrides: [Account: AccountOverride] = [:]
        for number in 0..<1_000 {
            overrides[Account("a-\(number)")!] = AccountOverride(
                plan: "pro", amounts: ["executions": number % 4])
        }
        let book = try Self.overridden(overrides, complaints: &complaints)
        #expect(Set(overrides.keys.map { ObjectIdentifier(book.plan(of: $0)) }).count == 4)
    }

    static let bad: [(AccountOverride, plan: String, amounts: [Int], complaint: String)] = [
        (
            AccountOverride(plan: "gone"), "serverless", [600_000, 6_000],
            "acme: plan: unknown plan 'gone'; 'serverless' is used"
        ),
        (
            AccountOverride(plan: "gone", amounts: ["executions": 1]), "serverless", [600_000, 1],
            "acme: plan: unknown plan 'gone'; 'serverless' is used"
        ),
        (
            AccountOverride(plan: "pro", amounts: ["runs": 0, "hourly": 5]), "pro", [500, 5],
            "acme: amounts.runs: unknown limit; the plan 'pro' has: executions, hourly"
        ),
        (
            AccountOverride(plan: "pro", amounts: ["executions": -1]), "pro", [500, 900],
            "acme: amounts.executions: must be 0 to 2147483647, not -1"
        ),
        (
            AccountOverride(amounts: ["execution-time": 1 << 50]), "serverless", [600_000, 6_000],
            "acme: amounts.execution-time: must be 0 to 1099511627776, not 1125899906842624"
        ),
    ]

    @Test("Invalid parts of an override are skipped with a warning; every limit stays", arguments: bad)
    func broken(override: AccountOverride, plan: String, amounts: [Int], complaint: String) throws {
        var complaints: [String] = []
        let book = try Self.overridden([Self.acme: override], complaints: &complaints)
        #expect(book.plan(of: Self.acme).name == plan)
        #expect(book.plan(of: Self.acme).limits.map(\.amount) == amounts)
        #expect(complaints == [complaint])
    }
}
