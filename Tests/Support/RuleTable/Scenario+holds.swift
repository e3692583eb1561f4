// Lines 8 and 9 of the rule: a held id is not charged again, and a hold expires by itself.

import Accounting

extension Scenario {
    private static let limits: [Limit] = [.time(600_000, per: 60_000), .executions(6_000, per: 60_000)]

    static let holds = [
        Scenario(
            "8: an admit repeated while it is held is the same grant, and charges nothing", limits,
            [
                .admit("a", 10_000, at: 0, left: [590_000, 5_999]),
                .held("a", 10_000, at: 0, grants: 10_000, since: 0, left: [590_000, 5_999]),
                .held("a", 20_000, at: 5_000, grants: 10_000, since: 0, left: [590_000, 5_999]),
                .settle("a", 84, at: 5_000, charged: 84, returned: 9_916),
                .admit("a", 20_000, at: 5_000, left: [579_916, 5_998]),
                .held("a", 1, at: 5_001, grants: 20_000, since: 5_000, left: [579_916, 5_998]),
            ]),
        Scenario(
            "8: a repeated admit is answered even when nothing is left", [.executions(1, per: 1_000)],
            [
                .admit("a", 5, at: 0, left: [0]),
                .deny(5, at: 1, by: [0], retryAfter: 999),
                .held("a", 5, at: 1, grants: 5, since: 0, left: [0]),
            ]),
        Scenario(
            "8: a denied id is not held", [.executions(1, per: 1_000)],
            [
                .admit("a", 5, at: 0),
                .deny(5, at: 1, by: [0], retryAfter: 999),
                .notHeld("denied", at: 2, left: [0]),
                .admit("denied", 5, at: 1_000, left: [0]),
            ]),
        Scenario(
            "9: a runner that vanishes has used its grant, and its hold expires", limits,
            [
                .admit("a", 10_000, at: 0),
                .peek(at: 59_999, left: [590_000, 5_999]),
                .peek(at: 60_000, left: [600_000, 6_000]),
                // As long as a cell-mate could have kept the cell: 60 s and a cell.
                .held("a", 10_000, at: 60_999, grants: 10_000, since: 0, left: [600_000, 6_000]),
                .notHeld("a", 84, at: 61_000, left: [600_000, 6_000]),
                .admit("a", 10_000, at: 61_000, left: [590_000, 5_999]),
            ]),
        Scenario(
            "9: the hold of a long execution lives 30 s past its deadline", limits,
            [
                .admit("a", 120_000, at: 0),
                .admit("b", 120_000, at: 0),
                .settle("a", 100_000, at: 149_999, charged: 120_000),
                .notHeld("b", 100_000, at: 150_000),
            ]),
        Scenario(
            "9: the longest window decides how long a hold lives",
            [.executions(9, per: 1_000), .executions(9, per: 3_600_000, cells: 1)],
            [
                .admit("a", 10, at: 0),
                .admit("b", 10, at: 0),
                .settle("a", 9, at: 7_199_999, charged: 10),
                .notHeld("b", 9, at: 7_200_000),
            ]),
        Scenario(
            "9: a hold that has expired stays so when the clock steps back", limits,
            [
                .admit("a", 10_000, at: 0),
                .notHeld("a", at: 61_000),
                .notHeld("a", at: 59_000, left: [600_000, 6_000]),
            ]),
    ]
}
