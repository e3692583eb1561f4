// True histories that look wrong at first sight: a real service may have given each reply.

import Accounting
import Audit
import Testing
import WireFormat

@Suite("Odd histories")
struct OddHistoryTests {
    private static let peek = HistoryLine(
        account: "a", sentAt: 0, answeredAt: 0,
        .peek(
            WireReply(
                status: 200,
                .accepted(
                    StandingBody(
                        account: "a", plan: "p",
                        policies: [
                            PolicyStanding(
                                name: "time", meter: .executionTime, amount: 10_000, used: 0,
                                remaining: 10_000,
                                windowMs: 1_000)
                        ], limits: LimitsObject())))))

    private static func admit(_ id: String, at sentAt: Int, _ reply: WireReply<AdmittedBody>?) -> HistoryLine
    {
        HistoryLine(
            account: "a", sentAt: sentAt, answeredAt: sentAt + 1,
            .admit(AdmitBody(id: id, maxDurationMs: 10_000), reply))
    }

    /// - Parameter instant: when the ledger charged it; nil when it was not asked.
    private static func granted(
        _ id: String, _ grantedMs: Int, at instant: Int?, status: Int = 201
    ) -> WireReply<AdmittedBody> {
        WireReply(
            status: status,
            .accepted(
                AdmittedBody(
                    id: id, grantedMs: grantedMs, deadline: instant.map { $0 + grantedMs },
                    degraded: instant == nil)))
    }

    private static func settle(
        _ id: String, at sentAt: Int, _ durationMs: Int, returned: Int?
    ) -> HistoryLine {
        let reply: WireReply<SettledBody> =
            if let returned {
                WireReply(
                    status: 200,
                    .accepted(
                        SettledBody(
                            id: id, chargedMs: durationMs, returnedMs: returned, overrunMs: 0,
                            limits: LimitsObject())))
            } else {
                WireReply(status: 404, .problem(Problem(.executionNotHeld, detail: "no such hold")))
            }
        return HistoryLine(
            account: "a", sentAt: sentAt, answeredAt: sentAt + 1,
            .settle(id: id, SettleBody(durationMs: durationMs), reply))
    }

    private static func findings(_ lines: [HistoryLine]) throws -> [Finding.Kind] {
        var audit = Audit(clockToleranceMs: nil)
        for (index, line) in ([peek] + lines).enumerated() { try audit.read(line.json, line: index + 1) }
        return try audit.report().findings.map(\.kind)
    }

    @Test("A degraded admission may have been charged, and so be settled")
    func degraded() throws {
        #expect(
            try Self.findings([
                Self.admit("x", at: 10, Self.granted("x", 10_000, at: nil)),
                Self.settle("x", at: 50, 40, returned: 9_960),
            ]).isEmpty)
    }

    @Test("A charge that only a repetition shows may have begun long ago, and its hold be over")
    func repeatedLate() throws {
        #expect(
            try Self.findings([
                Self.admit("x", at: 10, nil),
                Self.admit("x", at: 25_000, Self.granted("x", 10, at: 11, status: 200)),
                Self.settle("x", at: 40_000, 5, returned: nil),
            ]).isEmpty)
    }

    @Test("A receipt may be that of a charge that no reply shows")
    func unseenCharge() throws {
        #expect(
            try Self.findings([
                Self.admit("x", at: 10, nil), Self.settle("x", at: 100, 100, returned: 9_900),
                Self.admit("x", at: 200, Self.granted("x", 500, at: 200)),
                Self.settle("x", at: 300, 100, returned: 400),
            ]).isEmpty)
    }

    @Test("Time that does not come back while its cell counts is found; later it may have left")
    func keptBack() throws {
        func lines(settledAt: Int) -> [HistoryLine] {
            let receipt = SettledBody(
                id: "x", chargedMs: 500, returnedMs: 0, overrunMs: 0, limits: LimitsObject())
            return [
                Self.admit("x", at: 10, Self.granted("x", 500, at: 10)),
                HistoryLine(
                    account: "a", sentAt: settledAt, answeredAt: settledAt,
                    .settle(
                        id: "x", SettleBody(durationMs: 1), WireReply(status: 200, .accepted(receipt)))),
            ]
        }
        #expect(try Self.findings(lines(settledAt: 900)) == [.wrongReceipt])
        #expect(try Self.findings(lines(settledAt: 2_100)).isEmpty)
    }

    @Test("More than was asked for, and an answer for another id, are found")
    func otherAnswers() throws {
        #expect(
            try Self.findings([Self.admit("x", at: 10, Self.granted("y", 500, at: 10))]) == [.wrongReceipt])
        let greedy = HistoryLine(
            account: "a", sentAt: 10, answeredAt: 11,
            .admit(AdmitBody(id: "x", maxDurationMs: 100), Self.granted("x", 500, at: 10)))
        #expect(try Self.findings([greedy]) == [.wrongReceipt])
    }
}
