// Lines 5, 6 and 10 of the rule: all limits or none, partial grants, and when a denied ask will
// fit.

import Accounting

extension Scenario {
    static let grantsAndDenials = allOrNone + defaultPlan + partialGrants + retries

    private static let serverless: [Limit] = [.time(600_000, per: 60_000), .executions(6_000, per: 60_000)]

    private static let allOrNone = [
        Scenario(
            "5: all limits are charged, or none",
            [
                .executions(3, per: 1_000), .executions(4, per: 10_000), .time(1_000, per: 1_000),
                .time(100_000, per: 3_600_000, cells: 7),
            ],
            [
                .admit("a", 100, at: 0, left: [2, 3, 900, 99_900]),
                .admit("b", 100, at: 0, left: [1, 2, 800, 99_800]),
                .admit("c", 100, at: 0, left: [0, 1, 700, 99_700]),
                .deny(100, at: 0, by: [0], retryAfter: 1_000, left: [0, 1, 700, 99_700]),
                .admit("d", 100, at: 1_000, left: [2, 0, 900, 99_600]),
                .deny(100, at: 1_001, by: [1], retryAfter: 8_999, left: [2, 0, 900, 99_600]),
                .deny(950, min: 950, at: 1_002, by: [1, 2], retryAfter: 8_998, left: [2, 0, 900, 99_600]),
                .admit("e", 100, at: 10_000, left: [2, 2, 900, 99_500]),
            ]),
        Scenario(
            "5: the latest of several limits says when",
            [.time(1_000, per: 1_000), .time(1_500, per: 60_000), .executions(10, per: 1_000)],
            [
                .admit("a", 1_000, at: 0),
                .deny(600, min: 600, at: 10, by: [0, 1], retryAfter: 59_990),
                .deny(500, min: 500, at: 10, by: [0], retryAfter: 990),
                .admit("b", 500, at: 1_000, left: [500, 0, 9]),
            ]),
        Scenario(
            "5: an ask of no time at all is an execution all the same",
            [.time(100, per: 1_000), .executions(3, per: 1_000)],
            [
                .admit("a", 100, at: 0, left: [0, 2]),
                .admit("b", 0, min: 0, at: 0, left: [0, 1]),
                .admit("c", 0, at: 0, left: [0, 0]),
                .deny(0, at: 0, by: [1], retryAfter: 1_000),
                .settle("a", 130, at: 0, charged: 130, overrun: 30, left: [0, 0]),
                .deny(0, at: 0, by: [0, 1], retryAfter: 1_000),
            ]),
    ]

    private static let defaultPlan = [
        Scenario(
            "6: 60 executions of 10 s fit 600 s exactly, in one cell", serverless,
            (0..<60).map {
                .admit("e\($0)", 10_000, at: 10 * $0, left: [590_000 - 10_000 * $0, 5_999 - $0])
            },
            [
                .deny(10_000, at: 600, by: [0], retryAfter: 59_990, left: [0, 5_940]),
                .deny(10_000, at: 60_589, by: [0], retryAfter: 1, left: [0, 5_940]),
                .admit("e60", 10_000, at: 60_590, left: [590_000, 5_999]),
            ]),
        Scenario(
            "6: 60 executions of 10 s fit 600 s exactly, each in a cell of its own", serverless,
            (0..<60).map { .admit("e\($0)", 10_000, at: 1_000 * $0 + 7 * $0) },
            [
                .deny(10_000, at: 59_999, by: [0], retryAfter: 1, left: [0, 5_940]),
                .admit("e60", 10_000, at: 60_000, left: [0, 5_940]),
                .deny(10_000, at: 60_000, by: [0], retryAfter: 1_007),
            ]),
        Scenario(
            "6: 6,000 executions of 100 ms fit 600 s exactly", serverless,
            // A hundred every half second.
            (0..<6_000).flatMap { index -> [Step] in
                let id = "e\(index)"
                let at = 500 * (index / 100)
                let left = [600_000 - 100 * (index + 1), 6_000 - index - 1]
                return [
                    .admit(id, 5_000, at: at, grants: min(5_000, left[0] + 100)),
                    .settle(id, 100, at: at, charged: 100, returned: min(4_900, left[0]), left: left),
                ]
            },
            [
                .deny(100, at: 30_000, by: [0, 1], retryAfter: 30_500, left: [0, 0]),
                .deny(100, at: 60_499, by: [0, 1], retryAfter: 1, left: [0, 0]),
                .admit("last", 100, at: 60_500, left: [19_900, 199]),
            ]),
    ]

    private static let partialGrants = [
        Scenario(
            "6: if less is left than was asked for, but at least the minimum, the grant is what is left",
            [.time(600_000, per: 60_000), .executions(6_000, per: 60_000)],
            [
                .admit("a", 596_750, at: 0, left: [3_250, 5_999]),
                .deny(10_000, min: 4_000, at: 1, by: [0], retryAfter: 59_999, left: [3_250, 5_999]),
                .deny(10_000, min: 3_251, at: 1, by: [0], retryAfter: 59_999),
                .admit("b", 10_000, min: 100, at: 1, grants: 3_250, left: [0, 5_998]),
                .deny(10_000, min: 100, at: 2, by: [0], retryAfter: 59_999),
            ]),
        Scenario(
            "6: the minimum itself is enough, and a minimum of 0 still asks for 1 ms",
            [.time(1_000, per: 1_000)],
            [
                .admit("a", 999, at: 0, left: [1]),
                .deny(10, min: 2, at: 0, by: [0], retryAfter: 1_000),
                .admit("b", 10, min: 0, at: 0, grants: 1, left: [0]),
                .deny(10, min: 0, at: 0, by: [0], retryAfter: 1_000),
                .settle("a", 0, at: 0, charged: 0, returned: 999, left: [999]),
                .admit("c", 2_678_400_000, min: 999, at: 0, grants: 999, left: [0]),
            ]),
        Scenario(
            "6: an ask below the minimum is granted whole or not at all", [.time(1_000, per: 1_000)],
            [
                .admit("a", 951, at: 0),
                .deny(50, min: 100, at: 0, by: [0], retryAfter: 1_000, left: [49]),
                .admit("b", 49, min: 100, at: 0, left: [0]),
            ]),
        Scenario(
            "6: the scarcest of several time limits makes the grant",
            [.time(5_000, per: 60_000), .time(700, per: 1_000), .time(6_000, per: 3_600_000)],
            [
                .admit("a", 10_000, at: 0, grants: 700, left: [4_300, 0, 5_300]),
                .admit("b", 10_000, at: 1_000, grants: 700, left: [3_600, 0, 4_600]),
            ]),
    ]

    private static let retries = [
        Scenario(
            "10: it fits when enough cells have left", [.time(1_000, per: 60_000)],
            [
                .admit("a", 300, at: 0),
                .admit("b", 300, at: 2_000),
                .admit("c", 300, at: 4_000),
                .deny(101, min: 101, at: 5_000, by: [0], retryAfter: 55_000),
                .deny(400, min: 400, at: 5_000, by: [0], retryAfter: 55_000),
                .deny(401, min: 401, at: 5_000, by: [0], retryAfter: 57_000),
                .deny(1_000, min: 701, at: 5_000, by: [0], retryAfter: 59_000),
                .deny(1_000, min: 1_000, at: 61_999, by: [0], retryAfter: 2_001),
                .deny(1_000, min: 1_000, at: 63_999, by: [0], retryAfter: 1),
                .admit("d", 1_000, min: 1_000, at: 64_000, left: [0]),
            ]),
        Scenario(
            "10: above a limit's amount it never fits, unless a part will do",
            [.time(5_000, per: 60_000), .executions(2, per: 60_000)],
            [
                .deny(6_000, min: 6_000, at: 0, by: [0], retryAfter: nil, left: [5_000, 2]),
                .deny(2_678_400_000, min: 5_001, at: 0, by: [0], retryAfter: nil),
                .admit("a", 6_000, min: 5_000, at: 0, grants: 5_000, left: [0, 1]),
                .admit("b", 0, at: 0, left: [0, 0]),
                .deny(6_000, min: 6_000, at: 0, by: [0, 1], retryAfter: nil),
                .deny(6_000, min: 5_000, at: 0, by: [0, 1], retryAfter: 60_000),
            ]),
        Scenario(
            "10: an amount of 0 is never, and leaves an ask of no time alone",
            [.executions(1, per: 1_000), .time(0, per: 1_000)],
            [
                .deny(1, at: 0, by: [1], retryAfter: nil, left: [1, 0]),
                .admit("a", 0, at: 0, left: [0, 0]),
                .deny(1, at: 0, by: [0, 1], retryAfter: nil),
                .deny(0, at: 0, by: [0], retryAfter: 1_000),
            ]),
        Scenario(
            "10: cells that hold no time do not make room for time",
            [.time(100, per: 1_000, cells: 10), .executions(9, per: 1_000, cells: 10)],
            [
                .admit("a", 0, at: 0),
                .admit("b", 0, at: 350),
                .admit("c", 100, at: 450),
                .admit("d", 0, at: 950),
                .deny(100, at: 999, by: [0], retryAfter: 451),
            ]),
    ]
}
