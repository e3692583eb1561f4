// How descriptors are divided if there are many, few, and too few.

import Redis
import Testing

@testable import StintService

@Suite("The budget of descriptors")
struct DescriptorBudgetTests {
    private static func budget(
        _ limit: Int, runners: Int = 10_000, eventLoops: Int = 2, url: String? = nil
    ) throws(StartError) -> DescriptorBudget {
        try DescriptorBudget(
            limit: limit, open: 20,
            wishes: .init(
                eventLoops: eventLoops, redisSockets: DescriptorBudget.redisSockets(url.map(Self.parsed)),
                runnerConnections: runners, adminConnections: 272))
    }

    @Test(
        "The admin API gets a quarter at most, and neither gets more than is set",
        arguments: [
            // 70 are kept with two event loops.
            (70 + 10_272, 10_000, 272), (70 + 10_271, 9_999, 272), (1_024, 716, 238), (96, 18, 8), (86, 8, 8),
            (Int.max, 10_000, 272),
        ])
    func shares(limit: Int, runners: Int, admins: Int) throws {
        let budget = try Self.budget(limit)
        #expect(budget.runnerConnections == runners && budget.adminConnections == admins)
        #expect(budget.wished == 70 + 10_272)
    }

    @Test("Nothing is given twice", arguments: [86, 87, 100, 333, 1_024, 4_096, 10_341])
    func sum(limit: Int) throws {
        let budget = try Self.budget(limit)
        #expect(70 + budget.runnerConnections + budget.adminConnections == limit)
    }

    private static let twentyNodes =
        "rediss+cluster://" + (1...20).map { "n\($0)" }.joined(separator: ",")

    private static func parsed(_ url: String) -> RedisURL {
        do { return try RedisURL(url) } catch { preconditionFailure("\(error)") }
    }

    @Test(
        "A cluster and sentinels need more for each event loop and the control plane",
        arguments: [
            ("redis://a", 70), ("rediss://a", 70), ("redis+sentinel://a,b,c/m", 82),
            ("redis+cluster://a", 160), (Self.twentyNodes, 184),
        ])
    func topologies(url: String, kept: Int) throws {
        let budget = try Self.budget(1_024, url: url)
        #expect(kept + budget.runnerConnections + budget.adminConnections == 1_024)
        #expect(budget.wished == kept + 10_272)
    }

    @Test("Each event loop keeps two for Redis")
    func redis() throws {
        #expect(try Self.budget(1_024, eventLoops: 64).runnerConnections == 623)
    }

    @Test("Without room for the fewest it is refused, and what suffices is said")
    func refused() throws {
        let error = #expect(throws: StartError.self) { try Self.budget(85) }
        let text = try #require(error).description
        #expect(
            text == "this process may open 85 files (ulimit -n); it needs 86 at least, and 10342 for "
                + "runner.maximumConnections 10000. Type: ulimit -n 10342")
        #expect(try Self.budget(79, runners: 1).runnerConnections == 1)
        #expect(throws: StartError.self) { try Self.budget(78, runners: 1) }
    }
}
