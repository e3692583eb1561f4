// Transcripts of a link's decisions: events, and the actions that follow. Numbers stand for sinks,
// and the backoff always draws its ceiling.

import NIOCore
import Testing

@testable import Redis

@Suite("What a link decides")
struct LinkStateTests {
    private typealias Action = LinkAction<Int>

    /// Draws the greatest value of every range.
    private struct Highest: RandomNumberGenerator {
        mutating func next() -> UInt64 { .max }
    }

    private static let url = try! RedisURL("redis://h")
    private static let first = Attempt(number: 1)
    private static let second = Attempt(number: 2)
    /// What a link does to connect.
    private static func dials(_ attempt: Attempt) -> [Action] {
        [.setConnectTimer(.milliseconds(90)), .dial(attempt)]
    }

    private static func state(_ change: (inout RedisSettings) -> Void = { _ in }) -> LinkState<Int> {
        var settings = RedisSettings(url: url)
        settings.commandDeadline = .milliseconds(75)
        change(&settings)
        return LinkState(settings, random: Highest())
    }

    /// A link whose first connection takes commands.
    private static func ready(_ change: (inout RedisSettings) -> Void = { _ in }) -> LinkState<Int> {
        var link = state(change)
        _ = link.start()
        _ = link.connected(first)
        _ = link.replied(.status("PONG"))
        return link
    }

    private static func at(_ ms: Int) -> NIODeadline { .uptimeNanoseconds(UInt64(ms) * 1_000_000) }

    @Test("From the start to a connection that takes commands")
    func connects() {
        var link = Self.state()
        #expect(link.send(1, at: Self.at(0)) == .refused(.notSent("the link was not started")))
        let started = link.start()
        #expect(started == Self.dials(Self.first))
        let again = link.start()
        #expect(again == [])
        #expect(link.send(1, at: Self.at(0)) == .refused(.notSent("the link is not connected yet")))
        let connected = link.connected(Self.first)
        #expect(connected == [.greet(Greeting(url: Self.url))] && !link.isReady)
        let greeted = link.replied(.status("PONG"))
        #expect(
            greeted
                == ReplyOutcome(actions: [
                    .cancelConnectTimer, .countConnection, .setIdleTimer(.seconds(5)), .announceReady,
                ]))
        #expect(link.isReady && link.uses(Self.first))
    }

    @Test("An attempt that takes too long is given up, and the next begins after a pause that grows")
    func backsOff() {
        var link = Self.state()
        _ = link.start()
        let reason = "no answer to connecting within \(Duration.milliseconds(90))"
        let late = link.connectTimerFired()
        #expect(
            late == [.cancelConnectTimer, .closeSocket, .setConnectTimer(.milliseconds(10)), .warn(reason)])
        #expect(link.send(1, at: Self.at(0)) == .refused(.notSent(reason)))
        let again = link.connectTimerFired()
        #expect(again == Self.dials(Self.second))
        let stale = link.connected(Self.first)
        #expect(stale == [], "the first attempt is forgotten")
        _ = link.connected(Self.second)
        let silent = link.connectTimerFired()
        #expect(
            silent == [.cancelConnectTimer, .closeSocket, .setConnectTimer(.milliseconds(20))],
            "the same is said once")
    }

    @Test("A refused greeting and a lost connection are logged; an earlier one cannot end it")
    func losesConnections() {
        var link = Self.state()
        _ = link.start()
        _ = link.connected(Self.first)
        let refused = link.replied(.error("NOAUTH Authentication required."))
        #expect(
            refused.actions == [
                .cancelConnectTimer, .closeSocket, .setConnectTimer(.milliseconds(10)),
                .warn("PING was refused: NOAUTH"),
            ])
        _ = link.connectTimerFired()
        _ = link.connected(Self.second)
        _ = link.replied(.status("PONG"))
        let stale = link.ended(Self.first, because: "the server closed the connection")
        #expect(stale == [] && link.isReady)
        let ended = link.ended(Self.second, because: "the server closed the connection")
        #expect(
            ended == [
                .cancelConnectTimer, .closeSocket, .countDisconnection, .setConnectTimer(.milliseconds(20)),
                .warn("the server closed the connection"),
            ])
        let twice = link.ended(Self.second, because: "the connection failed")
        #expect(twice == [])
    }

    @Test("Replies go to who waits, in order; the first one resets the backoff and says that all is well")
    func proves() {
        var link = Self.state()
        _ = link.start()
        _ = link.ended(Self.first, because: "nobody listens")
        _ = link.connectTimerFired()
        _ = link.connected(Self.second)
        _ = link.replied(.status("PONG"))
        #expect(link.send(1, at: Self.at(0)) == .queued(replyTimer: Self.at(75)))
        #expect(link.send(2, at: Self.at(1)) == .queued(replyTimer: nil))
        link.handOver()
        #expect(link.waitingCount == 2)
        let first = link.replied(.integer(1))
        #expect(first == ReplyOutcome(actions: [.noteRecovery], sink: 1))
        let second = link.replied(.integer(2))
        #expect(second == ReplyOutcome(sink: 2) && link.waitingCount == 0)
        let ended = link.ended(Self.second, because: "over")
        #expect(ended.contains(.setConnectTimer(.milliseconds(10))))
    }

    @Test("A reply that nobody waits for ends the connection, also one to what was not handed over")
    func refusesUnsolicited() {
        for waits in [false, true] {
            var link = Self.ready()
            if waits { _ = link.send(1, at: Self.at(0)) }
            let outcome = link.replied(.integer(1))
            #expect(outcome.sink == nil)
            #expect(outcome.actions.contains(.warn("the server sent a reply without a command")))
            let failed = outcome.actions.contains(
                .fail(1, .notSent("the server sent a reply without a command")))
            #expect(failed == waits)
        }
    }

    @Test("What the socket had is lost and the rest was not sent, when the link is closed for good")
    func closes() {
        var link = Self.ready()
        _ = link.send(1, at: Self.at(0))
        link.handOver()
        _ = link.send(2, at: Self.at(0))
        let closed = link.close()
        #expect(
            closed == [
                .cancelReplyTimer, .cancelIdleTimer, .cancelConnectTimer, .closeSocket, .countDisconnection,
                .fail(1, .lost("the link is closed")), .fail(2, .notSent("the link is closed")),
            ])
        let (again, started, timer) = (link.close(), link.start(), link.connectTimerFired())
        #expect(again == [] && started == [] && timer == [])
        #expect(link.send(3, at: Self.at(1)) == .refused(.notSent("the link is closed")))
    }

    @Test("So many commands wait at most")
    func boundsInFlight() {
        var link = Self.ready { $0.maximumInFlight = 2 }
        _ = link.send(1, at: Self.at(0))
        _ = link.send(2, at: Self.at(0))
        link.handOver()
        let surplus = link.send(3, at: Self.at(0))
        #expect(surplus == .refused(.notSent("too many commands wait for replies")))
        _ = link.replied(.null)
        let next = link.send(4, at: Self.at(0))
        #expect(next == .queued(replyTimer: nil))
    }

    @Test("One timer looks after the oldest command, twice when it is late, and rests when nothing waits")
    func checksReplies() {
        var link = Self.ready()
        _ = link.send(1, at: Self.at(0))
        link.handOver()
        _ = link.replied(.null)
        _ = link.send(2, at: Self.at(50))
        link.handOver()
        let early = link.checkReplies(at: Self.at(75))
        #expect(early == [.setReplyTimer(Self.at(125))])
        let late = link.checkReplies(at: Self.at(125))
        #expect(late == [.setReplyTimer(Self.at(126))])
        // Found when the loop had read its sockets: it was not late.
        let found = link.replied(.null)
        #expect(found.sink == 2)
        let resting = link.checkReplies(at: Self.at(126))
        #expect(resting == [])
        #expect(link.send(3, at: Self.at(200)) == .queued(replyTimer: Self.at(275)))
    }
}

// MARK: - Late replies

extension LinkStateTests {
    private static let lateness = "no reply within \(Duration.milliseconds(75))"
    private static let absence = RedisFailure.notSent("the server is not answering")

    /// A link that was sent numbers, one each 10 ms from 0, and has looked at 75 ms.
    private static func late(_ count: Int) -> LinkState<Int> {
        var link = ready()
        for number in 0..<count {
            _ = link.send(number, at: at(10 * number))
            link.handOver()
        }
        _ = link.checkReplies(at: at(75))
        return link
    }

    @Test("A late reply fails its asker alone; the others keep their deadlines and their replies")
    func failsOne() {
        var link = Self.late(3)
        let stalled = link.checkReplies(at: Self.at(76))
        #expect(
            stalled == [
                .discardUnsent, .warnOfStall(Self.lateness), .countTimeouts(1),
                .fail(0, .late(Self.lateness)), .setReplyTimer(Self.at(85)),
            ])
        #expect(!link.isReady && link.waitingCount == 3)
        let discarded = link.replied(.integer(0))
        #expect(discarded == ReplyOutcome(actions: [.announceReady]) && link.isReady)
        let (first, second) = (link.replied(.integer(1)), link.replied(.integer(2)))
        #expect(first == ReplyOutcome(actions: [.noteRecovery], sink: 1) && second == ReplyOutcome(sink: 2))
    }

    @Test("While a reply is late commands are refused at once, and what the socket had not is not sent")
    func refusesWhileStalled() {
        var link = Self.late(1)
        _ = link.send(1, at: Self.at(75))
        let stalled = link.checkReplies(at: Self.at(76))
        #expect(stalled.contains(.fail(1, Self.absence)) && stalled.contains(.discardUnsent))
        #expect(link.waitingCount == 1)
        #expect(link.send(2, at: Self.at(77)) == .refused(Self.absence))
        _ = link.replied(.null)
        #expect(link.send(3, at: Self.at(80)) == .queued(replyTimer: Self.at(155)))
    }

    @Test("The first late reply ends a stall; the others are discarded in their order, in front of new ones")
    func discardsInOrder() {
        var link = Self.late(3)
        _ = link.checkReplies(at: Self.at(76))
        _ = link.checkReplies(at: Self.at(96))
        let rest = link.checkReplies(at: Self.at(97))
        #expect(
            rest == [
                .countTimeouts(2), .fail(1, .late(Self.lateness)), .fail(2, .late(Self.lateness)),
                .setReplyTimer(Self.at(1_000)),
            ], "the stall is said once")
        let (first, second, third) = (link.replied(.null), link.replied(.null), link.replied(.null))
        #expect(first == ReplyOutcome(actions: [.announceReady]) && link.isReady)
        #expect(second == ReplyOutcome() && third == ReplyOutcome())
        let unasked = link.replied(.null)
        #expect(unasked.actions.contains(.closeSocket))
    }

    @Test("A command behind late replies has its own deadline, and its own reply")
    func queuesBehindLateReplies() {
        var link = Self.late(3)
        for ms in [76, 96, 97] { _ = link.checkReplies(at: Self.at(ms)) }
        _ = link.replied(.integer(0))
        _ = link.send(3, at: Self.at(100))
        link.handOver()
        let late = [link.replied(.integer(1)), link.replied(.integer(2))]
        #expect(late == [ReplyOutcome(), ReplyOutcome()])
        let inTime = link.replied(.integer(3))
        #expect(inTime == ReplyOutcome(actions: [.noteRecovery], sink: 3))
    }

    @Test("A server that is behind is asked again only when every late reply has come: nothing piles up")
    func waitsForServerThatIsBehind() {
        var link = Self.late(3)
        for ms in [76, 96, 97] { _ = link.checkReplies(at: Self.at(ms)) }
        _ = link.replied(.null)
        _ = link.send(3, at: Self.at(100))
        link.handOver()
        _ = link.checkReplies(at: Self.at(175))
        let again = link.checkReplies(at: Self.at(176))
        #expect(again.contains(.fail(3, .late(Self.lateness))) && !link.isReady)
        let (first, second) = (link.replied(.null), link.replied(.null))
        #expect(first == ReplyOutcome() && second == ReplyOutcome())
        let third = link.replied(.null)
        #expect(third == ReplyOutcome(actions: [.announceReady]) && link.isReady)
    }

    @Test("A socket that takes nothing while the server owes replies is a stall, and the rest is not sent")
    func stallsWithFullSocket() {
        var link = Self.late(2)
        for ms in [76, 85, 86] { _ = link.checkReplies(at: Self.at(ms)) }
        _ = link.replied(.null)
        _ = link.send(2, at: Self.at(100))
        _ = link.checkReplies(at: Self.at(175))
        let stalled = link.checkReplies(at: Self.at(176))
        #expect(
            stalled == [.discardUnsent, .fail(2, Self.absence), .setReplyTimer(Self.at(1_000))])
        #expect(!link.isReady && link.waitingCount == 1)
    }

    @Test("A silent server is disconnected after the limit, and waiting commands fail")
    func leavesSilentServer() {
        var link = Self.late(1)
        _ = link.checkReplies(at: Self.at(76))
        let doubted = link.checkReplies(at: Self.at(1_000))
        #expect(doubted == [.setReplyTimer(Self.at(1_001))])
        let left = link.checkReplies(at: Self.at(1_001))
        let reason = "no reply at all within \(Duration.seconds(1))"
        #expect(
            left == [
                .cancelConnectTimer, .closeSocket, .countDisconnection,
                .setConnectTimer(.milliseconds(10)), .warn(reason),
            ], "who was late has heard that already")
        #expect(link.send(2, at: Self.at(1_002)) == .refused(.notSent(reason)))
    }

    @Test("A server that says something now and then is not left, however late it is")
    func staysWithSlowServer() {
        var link = Self.late(4)
        for ms in [76, 105, 106] { _ = link.checkReplies(at: Self.at(ms)) }
        for ms in [900, 1_800, 2_700] {
            let outcome = link.replied(.null)
            link.received(at: Self.at(ms))
            #expect(outcome.sink == nil && outcome.actions == (ms == 900 ? [.announceReady] : []))
            let looked = link.checkReplies(at: Self.at(ms + 900))
            #expect(looked == [.setReplyTimer(Self.at(ms + 1_000))])
        }
        let last = link.replied(.null)
        #expect(last == ReplyOutcome() && link.isReady)
    }

    @Test("The limit on silence is never shorter than two deadlines, and starts with the oldest command")
    func boundsSilence() {
        var link = Self.ready { $0.commandDeadline = .seconds(3) }
        _ = link.send(0, at: Self.at(10_000))
        link.handOver()
        _ = link.checkReplies(at: Self.at(13_000))
        let stalled = link.checkReplies(at: Self.at(13_001))
        #expect(stalled.last == .setReplyTimer(Self.at(16_000)))
    }

    @Test("A connection to the wrong server is given up, and again after a second at the earliest")
    func abandons() {
        var link = Self.ready()
        _ = link.send(1, at: Self.at(10))
        link.handOver()
        let left = link.abandon(because: "wrong", at: Self.at(20))
        #expect(left.contains(.closeSocket) && left.last == .fail(1, .lost("wrong")) && !link.isReady)
        #expect(link.abandon(because: "wrong", at: Self.at(2_000)) == [], "there is no connection")
        _ = link.connectTimerFired()
        _ = link.connected(Self.second)
        _ = link.replied(.status("PONG"))
        #expect(link.abandon(because: "wrong", at: Self.at(1_019)) == [] && link.isReady)
        #expect(link.abandon(because: "wrong", at: Self.at(1_020)).contains(.closeSocket))
    }

    @Test("The limit on silence is the one that is set")
    func setsSilence() {
        var link = Self.ready { $0.silenceLimit = .milliseconds(300) }
        _ = link.send(0, at: Self.at(0))
        link.handOver()
        for ms in [75, 76, 300] { _ = link.checkReplies(at: Self.at(ms)) }
        #expect(link.uses(Self.first))
        let left = link.checkReplies(at: Self.at(301))
        #expect(left.contains(.closeSocket) && !link.uses(Self.first))
    }

    @Test("A connection that ends while a reply is late fails only who still waits for one")
    func endsWhileStalled() {
        var link = Self.late(2)
        _ = link.checkReplies(at: Self.at(76))
        let ended = link.ended(Self.first, because: "over")
        #expect(ended.filter { if case .fail = $0 { true } else { false } } == [.fail(1, .lost("over"))])
        // The timer of the old connection fires no later than the new one needs it.
        _ = link.connectTimerFired()
        _ = link.connected(Self.second)
        _ = link.replied(.status("PONG"))
        let sent = link.send(2, at: Self.at(100))
        #expect(sent == .queued(replyTimer: nil))
    }

    @Test("A timer that was set for a silent server is set anew for the next command")
    func resetsTimer() {
        var link = Self.late(1)
        _ = link.checkReplies(at: Self.at(76))
        _ = link.replied(.null)
        let sent = link.send(1, at: Self.at(100))
        #expect(sent == .queued(replyTimer: Self.at(175)))
    }

    @Test("A socket that takes nothing although the server owes nothing is left at the deadline")
    func leavesClosedSocket() {
        var link = Self.ready()
        _ = link.send(0, at: Self.at(0))
        _ = link.checkReplies(at: Self.at(75))
        let left = link.checkReplies(at: Self.at(76))
        #expect(left.contains(.fail(0, .notSent("the socket takes no commands"))))
    }
}
