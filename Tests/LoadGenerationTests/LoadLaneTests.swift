// The engine of a load in a time that the test moves, so that every count and every latency is
// exact.

import NIOCore
import NIOEmbedded
import Testing

@testable import LoadGeneration

@Suite("A lane of a load")
struct LoadLaneTests {
    // MARK: Coordinated omission

    @Test("A service that stalls 200 ms shows in the latency of every request that was due meanwhile")
    func stall() throws {
        let rig = try LaneRig {
            $0.pace = .open(perSecond: 1_000)
            $0.connections = 4
            $0.durationMs = 1_000
            $0.admitsOnly = true
        }
        try rig.begin()
        try rig.answerAll()
        // Due at 0, 1, ... 999 ms, and answered at once but for those due from 300 to 499 ms.
        try rig.advance(ms: 1_100) { ms in
            if !(300..<500).contains(ms) { try rig.answerAll() }
        }
        #expect(rig.ended)
        let tally = rig.lane.tally
        #expect(tally.admitted == 1_000)
        #expect(tally.notSent == 0)
        let latency = tally.admissionLatency
        #expect(latency.count == 1_000)
        // 800 at once, then 1 ms, 2 ms, ... 200 ms. Measured from the sending it would be 4 of 200
        // ms.
        #expect(latency.us(atPercentile: 79.9) < 1_100)
        for (percent, ms) in [(85.0, 50), (90, 100), (95, 150), (99, 190)] {
            #expect(abs(latency.us(atPercentile: percent) - ms * 1_000) <= 1_000, "p\(percent)")
        }
        #expect(abs(latency.maxUs - 200_000) <= 200)
    }

    @Test(
        "What finds the line of waiting requests full is counted as not sent, and so is what nobody gets to")
    func notSent() throws {
        let rig = try LaneRig {
            $0.pace = .open(perSecond: 1_000)
            $0.connections = 2
            $0.durationMs = 100
            $0.admitsOnly = true
            $0.timeoutMs = 50
            $0.maximumWaiting = 10
        }
        try rig.begin()
        // Nobody ever answers: 2 are on their way and time out, time and again.
        rig.advance(ms: 300)
        #expect(rig.ended)
        let tally = rig.lane.tally
        let timeouts = try #require(tally.failures[.timeout])
        #expect(tally.failures.count == 1)
        #expect(timeouts + tally.notSent == 100)
        #expect(tally.notSent >= 90)
        #expect(tally.answered == 0)
        #expect(tally.admissionLatency.count == timeouts)
    }

    // MARK: Closed loop

    @Test("In a closed loop every connection has one request on its way, and asks on when it is answered")
    func closed() throws {
        let rig = try LaneRig {
            $0.connections = 3
            $0.durationMs = 100
        }
        try rig.begin()
        // Answered every 10 ms: 3 admissions, 3 settlements, and so on; the last ones at the end.
        try rig.advance(ms: 120) { ms in
            let waiting = try rig.requests().count
            #expect(waiting == (ms <= 100 ? 3 : 0), "\(ms) ms")
            if ms % 10 == 0 { try rig.answerOnce() }
        }
        #expect(rig.ended)
        #expect(rig.lane.tally.admitted == 15)
        #expect(rig.lane.tally.settled == 15)
        #expect(rig.lane.tally.failed == 0)
        #expect(abs(rig.lane.tally.latency.us(atPercentile: 50) - 10_000) <= 10)
    }

    @Test("An execution settles what it drew, at most its grant; ids are never used twice")
    func settlements() throws {
        let rig = try LaneRig {
            $0.connections = 1
            $0.durationMs = 1_000
            $0.durations = .uniform(50...150)
            $0.ask = .drawn
            $0.seed = 3
        }
        var workload = Workload(accounts: 10_000, skew: .uniform, durations: .uniform(50...150), seed: 3)
        try rig.begin()
        var ids: Set<String> = []
        for _ in 0..<100 {
            let execution = workload.next()
            let admission = try #require(try rig.requests().first).request
            #expect(admission.account == "load-\(execution.account)")
            let id = try admission.id
            #expect(admission.body == #"{"id":"\#(id)","maxDurationMs":\#(execution.durationMs)}"#)
            #expect(ids.insert(id).inserted)
            try rig.answerOnce { try $0.reply(grantedMs: 100) }
            let settlement = try #require(try rig.requests().first).request
            #expect(settlement.path == "/v1/accounts/load-\(execution.account)/executions/\(id)/settle")
            #expect(settlement.body == #"{"durationMs":\#(min(100, execution.durationMs))}"#)
            try rig.answerOnce { try $0.reply(grantedMs: 100) }
        }
        #expect(rig.lane.tally.settled == 100)
    }

    @Test("Requests are HTTP/1.1 with all a service asks for")
    func bytes() throws {
        let rig = try LaneRig {
            $0.connections = 1
            $0.accounts = 1
            $0.durations = .fixed(ms: 84)
        }
        try rig.begin()
        let fields = "Host: 127.0.0.1:7400\r\nContent-Type: application/json\r\n"
        #expect(
            try rig.requests().map(\.request.text) == [
                "POST /v1/accounts/load-0/executions HTTP/1.1\r\n\(fields)Content-Length: 14\r\n\r\n{\"id\":\"run-1\"}"
            ])
        try rig.answerOnce()
        #expect(
            try rig.requests().map(\.request.text) == [
                "POST /v1/accounts/load-0/executions/run-1/settle HTTP/1.1\r\n\(fields)Content-Length: 17\r\n\r\n"
                    + "{\"durationMs\":84}"
            ])
    }

    @Test("A denial and an admission without the ledger have nothing to settle")
    func unsettled() throws {
        let rig = try LaneRig { $0.connections = 1 }
        try rig.begin()
        try rig.answerOnce { _ in Request.denial() }
        #expect(try rig.requests().allSatisfy { !$0.request.isSettlement })
        try rig.answerOnce { request in
            Request.reply(201, Array(#"{"id":"\#(try request.id)","grantedMs":10,"degraded":true}"#.utf8))
        }
        #expect(try rig.requests().allSatisfy { !$0.request.isSettlement })
        #expect(rig.lane.tally.denied == 1)
        #expect(rig.lane.tally.admitted == 1)
        #expect(rig.lane.tally.degraded == 1)
    }

    // MARK: Warm-up and end

    @Test("What was due in the warm-up is answered and settled, and not measured")
    func warmUp() throws {
        let rig = try LaneRig {
            $0.pace = .open(perSecond: 100)
            $0.warmUpMs = 200
            $0.durationMs = 300
        }
        try rig.begin()
        try rig.advance(ms: 600) { _ in try rig.answerAll() }
        #expect(rig.ended)
        #expect(rig.lane.tally.warmUpAnswered == 40)
        #expect(rig.lane.tally.admitted == 30)
        #expect(rig.lane.tally.settled == 30)
    }

    @Test("Stopped early, it asks nothing more, waits for what is on its way, and ends")
    func stopped() throws {
        let rig = try LaneRig {
            $0.connections = 2
            $0.durationMs = 60_000
            $0.admitsOnly = true
        }
        try rig.begin()
        try rig.advance(ms: 50) { _ in try rig.answerOnce() }
        rig.lane.stop()
        #expect(!rig.ended)
        try rig.answerOnce()
        #expect(rig.ended)
        #expect(rig.lane.tally.admitted == 102)
        #expect(rig.lane.tally.failed == 0)
    }

    @Test("Stopped while nobody answers, it gives up after a second")
    func stoppedInVain() throws {
        let rig = try LaneRig { $0.connections = 2 }
        try rig.begin()
        rig.advance(ms: 10)
        rig.lane.stop()
        rig.advance(ms: 999)
        #expect(!rig.ended)
        rig.advance(ms: 2)
        #expect(rig.ended)
        #expect(rig.lane.tally.failures == [.timeout: 2])
    }

    // MARK: Failures

    @Test(
        "Every way to fail has its name, and the connection goes on or is made anew",
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", LoadFailure.unreadableReply, 0),
            (Request.reply(503), .status(503), 0),
            (Request.reply(404), .status(404), 0),
            (Request.reply(503, fields: "Connection: close\r\n"), .status(503), 1),
            ("SMTP", .unreadableReply, 1),
            (Request.denial() + "more", .unreadableReply, 1),
        ])
    func failures(reply: String, failure: LoadFailure, reconnections: Int) throws {
        let rig = try LaneRig { $0.connections = 1 }
        try rig.begin()
        try rig.answerOnce { _ in reply }
        rig.advance(ms: 20)
        #expect(rig.lane.tally.failures == [failure: 1])
        #expect(rig.lane.tally.reconnections == reconnections)
        #expect(try rig.requests().count == 1, "it asks on")
    }

    @Test("A reply that closes its connection is an answer; the settlement goes over the next one")
    func closing() throws {
        let rig = try LaneRig {
            $0.connections = 1
            $0.durationMs = 1_000
        }
        try rig.begin()
        for number in 1...10 {
            try rig.answerOnce { request in
                try request.reply().replacing(
                    "\r\nContent-Length", with: "\r\nConnection: close\r\nContent-Length")
            }
            #expect(rig.connectionCount == number + 1)
            #expect(try rig.requests().map(\.request.isSettlement) == [number % 2 == 1])
        }
        #expect(rig.lane.tally.failed == 0)
        #expect(rig.lane.tally.settled == 5)
        #expect(rig.lane.tally.reconnections == 10)
    }

    @Test("While nobody listens it tries again with growing pauses, and goes on when somebody does")
    func unreachable() throws {
        let rig = try LaneRig {
            $0.connections = 1
            $0.durationMs = 20_000
            $0.admitsOnly = true
        }
        try rig.begin()
        try rig.advance(ms: 5) { _ in try rig.answerOnce() }
        rig.refuseConnections(true)
        rig.hangUp(0)
        rig.advance(ms: 10_000)
        #expect(rig.lane.tally.failures[.connectionLost] == 1)
        // At once, then after 10, 20, ... 640 ms, then every second.
        #expect(rig.lane.tally.failures[.connectFailed] == 16)
        rig.refuseConnections(false)
        try rig.advance(ms: 1_100) { _ in try rig.answerOnce() }
        #expect(rig.connectionCount == 2)
        #expect(rig.lane.tally.admitted > 6)
    }

    @Test("A connection that ends while it is idle is made anew and used")
    func idle() throws {
        let rig = try LaneRig {
            $0.pace = .open(perSecond: 10)
            $0.connections = 1
            $0.durationMs = 1_000
            $0.admitsOnly = true
        }
        try rig.begin()
        try rig.advance(ms: 50) { _ in try rig.answerAll() }
        rig.hangUp(0)
        try rig.advance(ms: 2_000) { _ in try rig.answerAll() }
        #expect(rig.ended)
        #expect(rig.lane.tally.admitted == 10)
        #expect(rig.lane.tally.failed == 0)
        #expect(rig.lane.tally.reconnections == 1)
    }

    // MARK: Opening

    @Test(
        "A target that does not answer as a Stint does is refused before the load",
        arguments: [404, 200, 503])
    func noStint(status: Int) throws {
        let rig = try LaneRig { $0.connections = 2 }
        let opened = rig.lane.open()
        rig.loop.run()
        #expect(try rig.requests().map(\.request.path) == ["/v1/accounts/load-0/limits"])
        try rig.answerOnce { _ in Request.reply(status, Array("{}".utf8)) }
        #expect(
            throws: LoadError(
                "http://127.0.0.1:7400: its answer is not Stint's (status \(status)). "
                    + "Start a service there, or type: --target http://HOST:PORT")
        ) { try opened.wait() }
    }

    @Test("A target that nobody listens at, hangs up or stays silent is refused with its reason")
    func noTarget() throws {
        let reasons: [(String, (LaneRig) throws -> Void)] = [
            ("nobody listens", { _ in }),
            ("its answer is not Stint's (connection-lost)", { $0.hangUp(0) }),
            ("no answer in 5000 ms", { $0.advance(ms: 5_000) }),
        ]
        for (number, (reason, act)) in reasons.enumerated() {
            let rig = try LaneRig { $0.connections = 1 }
            rig.refuseConnections(number == 0)
            let opened = rig.lane.open()
            rig.loop.run()
            try act(rig)
            #expect { try opened.wait() } throws: {
                "\($0)".hasPrefix("http://127.0.0.1:7400: \(reason). Start a service there")
            }
        }
    }
}
