// Lines 7 and 8 of the rule: what a settlement corrects, and what it no longer can.

import Accounting

extension Scenario {
    private static let limits: [Limit] = [.time(600_000, per: 60_000), .executions(6_000, per: 60_000)]

    static let settlements = [
        Scenario(
            "7: unused time comes back at once, the execution never", limits,
            [
                .admit("a", 10_000, at: 0, left: [590_000, 5_999]),
                .settle("a", 84, at: 90, charged: 84, returned: 9_916, left: [599_916, 5_999]),
                .admit("b", 10_000, at: 90),
                .settle("b", 10_000, at: 10_090, charged: 10_000, left: [589_916, 5_998]),
                .admit("c", 10_000, at: 10_090),
                .settle("c", 0, at: 10_090, charged: 0, returned: 10_000, left: [589_916, 5_997]),
            ]),
        Scenario(
            "7: an over-run is charged in full, even above the limit", limits,
            [
                .admit("a", 10_000, at: 0),
                .settle("a", 10_500, at: 10_600, charged: 10_500, overrun: 500, left: [589_500, 5_999]),
                .admit("b", 589_500, at: 10_600, left: [0, 5_998]),
                .settle("b", 700_000, at: 20_000, charged: 700_000, overrun: 110_500, left: [0, 5_998]),
                .deny(10, at: 59_999, by: [0], retryAfter: 10_601),
                .deny(10, at: 60_000, by: [0], retryAfter: 10_600, left: [0, 5_999]),
                .admit("c", 10, at: 70_600, left: [599_990, 5_999]),
            ]),
        Scenario(
            "7: a late settlement corrects its cell while that counts", limits,
            [
                .admit("a", 10_000, at: 0),
                .settle("a", 84, at: 59_999, charged: 84, returned: 9_916, left: [599_916, 5_999]),
                .peek(at: 60_000, left: [600_000, 6_000]),
                .admit("b", 10_000, at: 120_000),
                .admit("c", 10_000, at: 120_999),
                .settle("b", 84, at: 180_998, charged: 84, returned: 9_916, left: [589_916, 5_998]),
                .settle("c", 20_000, at: 180_998, charged: 20_000, overrun: 10_000, left: [579_916, 5_998]),
                .peek(at: 180_999, left: [600_000, 6_000]),
            ]),
        Scenario(
            "7: when the cell has left there is nothing to correct", limits,
            [
                .admit("a", 10_000, at: 0),
                .admit("b", 10_000, at: 1_000),
                .admit("c", 10_000, at: 2_000),
                .settle("a", 84, at: 60_000, charged: 10_000, left: [580_000, 5_998]),
                .settle("b", 30_000, at: 61_000, charged: 10_000, overrun: 20_000, left: [590_000, 5_999]),
                .peek(at: 61_999, left: [590_000, 5_999]),
            ]),
        Scenario(
            "7: a settlement corrects the cell of admission, not a newer one, in every window",
            [.time(1_000, per: 1_000, cells: 10), .time(5_000, per: 60_000)],
            [
                .admit("a", 500, at: 0),
                .admit("b", 500, at: 900, left: [0, 4_000]),
                .settle("a", 100, at: 950, charged: 100, returned: 400, left: [400, 4_400]),
                .admit("c", 900, min: 900, at: 1_900, left: [100, 3_500]),
                // Out of the short window, still in the long one.
                .settle("b", 100, at: 1_901, charged: 100, returned: 400, left: [100, 3_900]),
            ]),
        Scenario(
            "7: the cell between the oldest and the newest is corrected like those", limits,
            [
                .admit("a", 1_000, at: 0),
                .admit("b", 1_000, at: 5_000),
                .admit("c", 1_000, at: 5_001),
                .admit("d", 1_000, at: 30_000),
                .settle("b", 400, at: 31_000, charged: 400, returned: 600, left: [596_600, 5_996]),
                .settle("a", 300, at: 31_000, charged: 300, returned: 700, left: [597_300, 5_996]),
                .settle("d", 1_200, at: 31_300, charged: 1_200, overrun: 200, left: [597_100, 5_996]),
                .peek(at: 60_000, left: [597_400, 5_997]),
                .settle("c", 0, at: 61_000, charged: 0, returned: 1_000, left: [598_400, 5_997]),
                .peek(at: 65_001, left: [598_800, 5_999]),
                .peek(at: 90_000, left: [600_000, 6_000]),
            ]),
        Scenario(
            "8: a repeated settlement changes nothing", limits,
            [
                .admit("a", 10_000, at: 0),
                .settle("a", 84, at: 90, charged: 84, returned: 9_916, left: [599_916, 5_999]),
                .notHeld("a", 84, at: 90, left: [599_916, 5_999]),
                .notHeld("a", 50_000, at: 91, left: [599_916, 5_999]),
                .notHeld("never", 50_000, at: 91, left: [599_916, 5_999]),
            ]),
    ]
}
