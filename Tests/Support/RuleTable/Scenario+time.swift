// Lines 1 to 4 of the rule: the clock, the instant of a charge, the window's edge, the cells.

import Accounting

extension Scenario {
    static let timeAndCells = [
        Scenario(
            "1: a clock that steps back stands still for the account",
            [.executions(2, per: 1_000, cells: 10)],
            [
                .admit("a", 0, at: 5_000),
                .admit("b", 0, at: 4_000, since: 5_000, left: [0]),
                .deny(0, at: 4_000, by: [0], retryAfter: 2_000),
                .deny(0, at: 3_900, by: [0], retryAfter: 2_100),
                .deny(0, at: 5_999, by: [0], retryAfter: 1),
                .admit("c", 0, at: 6_000, left: [1]),
            ]),
        Scenario(
            "1: a step back of more than a window and a cell restarts the window, with its charges made now",
            [.executions(2, per: 1_000, cells: 10)],
            [
                .admit("a", 0, at: 5_000),
                .admit("b", 0, at: 5_900),
                .deny(0, at: 4_800, by: [0], retryAfter: 1_200),
                .peek(at: 4_799, left: [0]),
                .deny(0, at: 4_799, by: [0], retryAfter: 1_000),
                .deny(0, at: 5_798, by: [0], retryAfter: 1),
                .admit("c", 0, at: 5_799, left: [1]),
            ]),
        Scenario(
            "1: an hour ahead for a moment stops a window of 2 s for 2 s, and gives nothing back to one of an hour",
            [.executions(2, per: 2_000), .executions(3, per: 3_600_000)],
            [
                .admit("a", 0, at: 3_600_000),
                .admit("b", 0, at: 3_600_001),
                .deny(0, at: 1, by: [0], retryAfter: 2_000, left: [0, 1]),
                .admit("c", 0, at: 2_001, since: 3_600_001, left: [1, 0]),
                .deny(0, at: 4_001, by: [1], retryAfter: 7_196_000),
            ]),
        Scenario(
            "1: what is settled after the step corrects the window that stood still, and not the one that restarted",
            [.time(1_000, per: 2_000), .time(2_000, per: 3_600_000)],
            [
                .admit("a", 600, at: 3_600_000),
                .settle("a", 100, at: 0, charged: 100, returned: 500, left: [400, 1_900]),
                .admit("b", 400, at: 10, since: 3_600_000, left: [0, 1_500]),
                .settle("b", 100, at: 20, charged: 100, returned: 300, left: [300, 1_800]),
                .peek(at: 2_009, left: [300, 1_800]),
                .peek(at: 2_010, left: [1_000, 1_800]),
            ]),
        Scenario(
            "1: a hold of before the step takes nothing from a charge that is made at the same instant after it",
            [.time(1_000, per: 1_000, cells: 10)],
            [
                .admit("a", 600, at: 5_000),
                .admit("b", 1_000, at: 3_000, grants: 400, left: [0]),
                .admit("c", 1_000, at: 5_000, left: [0]),
                .settle("a", 0, at: 5_000, charged: 600, left: [0]),
                .settle("c", 0, at: 5_000, charged: 0, returned: 1_000, left: [1_000]),
            ]),
        Scenario(
            "1: what left the window does not come back when the clock steps back",
            [.executions(1, per: 1_000)],
            [
                .admit("a", 0, at: 0),
                .notHeld("x", at: 1_000, left: [1]),
                .admit("b", 0, at: 999, since: 1_000, left: [0]),
                .deny(0, at: 999, by: [0], retryAfter: 1_001),
                .peek(at: 1_999, left: [0]),
                .peek(at: 2_000, left: [1]),
            ]),
        Scenario(
            "2: an execution is charged when it is admitted, with its whole grant",
            [.time(1_000, per: 60_000), .executions(10, per: 60_000)],
            [
                .admit("a", 300, at: 17, left: [700, 9]),
                .peek(at: 60_016, left: [700, 9]),
                .peek(at: 60_017, left: [1_000, 10]),
            ]),
        Scenario(
            "3: exactly a window old is outside", [.executions(1, per: 60_000)],
            [
                .admit("a", 0, at: 123),
                .deny(0, at: 124, by: [0], retryAfter: 59_999),
                .deny(0, at: 60_122, by: [0], retryAfter: 1),
                .admit("b", 0, at: 60_123),
                .deny(0, at: 60_123, by: [0], retryAfter: 60_000),
            ]),
        Scenario(
            "4: a cell counts whole until its latest charge is a window old", [.executions(2, per: 60_000)],
            [
                .admit("a", 0, at: 0),
                .admit("b", 0, at: 999),
                .deny(0, at: 60_000, by: [0], retryAfter: 999),
                .deny(0, at: 60_998, by: [0], retryAfter: 1),
                .admit("c", 0, at: 60_999, left: [1]),
            ]),
        Scenario(
            "4: charges in two cells leave one by one", [.executions(2, per: 60_000)],
            [
                .admit("a", 0, at: 999),
                .admit("b", 0, at: 1_000),
                .admit("c", 0, at: 60_999, left: [0]),
                .deny(0, at: 60_999, by: [0], retryAfter: 1),
                .admit("d", 0, at: 61_000, left: [0]),
            ]),
        Scenario(
            "4: one cell to a window", [.executions(3, per: 1_000, cells: 1)],
            [
                .admit("a", 0, at: 0),
                .admit("b", 0, at: 999),
                .admit("c", 0, at: 1_000, left: [0]),
                .deny(0, at: 1_998, by: [0], retryAfter: 1),
                .admit("d", 0, at: 1_999, left: [1]),
                .admit("f", 0, at: 1_999, left: [0]),
                // The second cell holds charges of 1,000 and 1,999.
                .deny(0, at: 2_998, by: [0], retryAfter: 1),
                .admit("e", 0, at: 2_999, left: [2]),
            ]),
        Scenario(
            "4: cells of one ms are an exact log", [.executions(3, per: 1_000, cells: 1_000)],
            [
                .admit("a", 0, at: 0),
                .admit("b", 0, at: 1),
                .admit("c", 0, at: 1),
                .deny(0, at: 999, by: [0], retryAfter: 1),
                .admit("d", 0, at: 1_000, left: [0]),
                .admit("e", 0, at: 1_001, left: [1]),
            ]),
        Scenario(
            "4: a number of cells that does not divide the window", [.executions(3, per: 1_000, cells: 7)],
            // Cells begin at 0, 143, 286, ...
            [
                .admit("a", 0, at: 0),
                .admit("b", 0, at: 142),
                .admit("c", 0, at: 143),
                .deny(0, at: 1_000, by: [0], retryAfter: 142),
                .admit("d", 0, at: 1_142, left: [1]),
                .peek(at: 1_143, left: [2]),
            ]),
        Scenario(
            "4: a month in a thousand cells", [.executions(3, per: 2_678_400_000, cells: 1_000)],
            // A cell is 2,678,400 ms long; the beginning lies 86,400 ms before the end of one.
            [
                .admit("a", 0, at: 0),
                .admit("b", 0, at: 86_399),
                .admit("c", 0, at: 86_400),
                .deny(0, at: 2_678_400_000, by: [0], retryAfter: 86_399),
                .admit("d", 0, at: 2_678_486_399, left: [1]),
                .peek(at: 2_678_486_400, left: [2]),
            ]),
        withCells(of: 65_536),
        withCells(of: 65_537),
    ]

    /// Cells around the length at which an instant within a cell no longer fits 16 bits.
    private static func withCells(of cellMs: Int) -> Scenario {
        let edge = cellMs - beginning.ms % cellMs
        let lastMs = edge + 2 * cellMs - 1
        return Scenario(
            "4: the last ms of a cell of \(cellMs) ms, while it is neither the oldest nor the newest",
            [.executions(4, per: 3 * cellMs, cells: 3)],
            [
                .admit("a", 0, at: edge),
                .admit("b", 0, at: lastMs),
                .admit("c", 0, at: lastMs + 1, left: [1]),
                .peek(at: edge + 3 * cellMs, left: [2]),
                .peek(at: lastMs + 3 * cellMs - 1, left: [2]),
                .peek(at: lastMs + 3 * cellMs, left: [3]),
                .peek(at: lastMs + 3 * cellMs + 1, left: [4]),
            ])
    }
}
