// What a search for the primary decides: whose turn it is, what replies mean, and which server is
// followed when sentinels disagree.

import NIOCore
import Testing

@testable import Redis

@Suite("What follows from the words of sentinels")
struct SentinelStateTests {
    private static let sentinels = (1...3).map { RedisURL.Address.tcp(host: "s\($0)", port: 26_379) }
    private static let (a, b) = (
        RedisURL.Address.tcp(host: "10.0.0.1", port: 6_379),
        RedisURL.Address.tcp(host: "10.0.0.2", port: 6_379)
    )

    private static func bulk(_ text: String) -> RedisReply { .bulk(ByteBuffer(string: text)) }
    private static func array(_ texts: String...) -> RedisReply { .array(texts.map(bulk)) }
    private static func answer(_ replies: RedisReply...) -> SentinelAnswer {
        SentinelAnswer(replies, from: sentinels[0])
    }

    /// A state that follows ``a``, of the epoch 5.
    private static func following() -> SentinelState {
        var state = SentinelState(name: "stint", sentinels: sentinels)
        #expect(state.begin() == sentinels[0])
        #expect(state.receive(.primary(a, configEpoch: 5), isReady: false) == .follow(a))
        #expect(state.absence == nil && !state.isUnsettled)
        return state
    }

    @Test("Replies: an address and its epoch, an unknown name, an error, and what is neither")
    func answers() {
        let master = Self.array("name", "stint", "config-epoch", "7", "flags", "master")
        #expect(Self.answer(Self.array("10.0.0.1", "6379"), master) == .primary(Self.a, configEpoch: 7))
        #expect(Self.answer(Self.array("10.0.0.1", "6379")) == .primary(Self.a, configEpoch: 0))
        #expect(
            Self.answer(Self.array("10.0.0.1", "6379"), .error("NOPERM no"))
                == .primary(Self.a, configEpoch: 0))
        #expect(Self.answer(.null, .error("ERR No such master with that name")) == .unknownName)
        #expect(Self.answer(.error("NOPERM no"), .null) == .none("it refuses: NOPERM no"))
        for odd: RedisReply in [
            Self.array("10.0.0.1", "0"), Self.array("", "1"), Self.array("h"), .integer(1),
            .array([.null, .null]),
        ] { #expect(Self.answer(odd, master) == .none("its reply is not an address"), "\(odd)") }
        #expect(Self.answer() == .none("its reply is not an address"))
    }

    @Test("Announcements: only of this name, and only whole ones")
    func announcements() {
        func announcement(_ reply: RedisReply) -> SentinelAnnouncement {
            SentinelAnnouncement(reply, name: "stint", from: Self.sentinels[0])
        }
        func message(_ text: String, on channel: String = "+switch-master") -> RedisReply {
            Self.array("message", channel, text)
        }
        #expect(
            announcement(.array([Self.bulk("subscribe"), Self.bulk("+switch-master"), .integer(1)]))
                == .subscribed)
        #expect(announcement(message("stint 10.0.0.1 6379 10.0.0.2 6379")) == .switched(Self.b))
        let promoted = "slave 10.0.0.2:6379 10.0.0.2 6379 @ stint 10.0.0.1 6379"
        #expect(announcement(message(promoted, on: "+promoted-slave")) == .switched(Self.b))
        for other in [
            message(promoted), message(promoted.replacing("stint", with: "other"), on: "+promoted-slave"),
            message("stint 10.0.0.1 6379 10.0.0.2 6379", on: "+promoted-slave"),
            message("other 10.0.0.1 6379 10.0.0.2 6379"), message("stint 10.0.0.1 6379 10.0.0.2"),
            message("stint 10.0.0.1 6379 10.0.0.2 x"), message("stint 1 1 1 1", on: "+sdown"),
            Self.array("pong", ""), .null, .status("PONG"),
        ] { #expect(announcement(other) == .other, "\(other)") }
    }

    @Test("Each is asked once in a round, and the next round begins with the next one")
    func turns() {
        var state = Self.following()
        #expect(state.begin() == Self.sentinels[1])
        #expect(state.receive(.none("refused"), isReady: false) == .ask(Self.sentinels[2]))
        #expect(state.receive(.unknownName, isReady: false) == .ask(Self.sentinels[0]))
        #expect(state.receive(.primary(Self.a, configEpoch: 5), isReady: false) == .follow(Self.a))
        #expect(state.begin() == Self.sentinels[1])
    }

    @Test("Why there is no primary: nobody was asked, nobody answers, nobody knows the name")
    func absence() {
        var state = SentinelState(name: "stint", sentinels: Array(Self.sentinels[..<2]))
        #expect(state.absence == "no sentinel of s1:26379,s2:26379 has answered yet")
        _ = state.begin()
        _ = state.receive(.none("x"), isReady: false)
        #expect(state.receive(.none("it refuses: NOAUTH"), isReady: false) == .stay)
        #expect(state.absence == "no sentinel of s1:26379,s2:26379 answers (the last: it refuses: NOAUTH)")
        #expect(state.isUnsettled)
        _ = state.begin()
        _ = state.receive(.unknownName, isReady: false)
        #expect(state.receive(.none("x"), isReady: false) == .stay)
        #expect(state.absence == "the sentinels know no primary called stint (s1:26379,s2:26379)")
    }

    @Test("A newer answer is followed at once, also while the primary works; an older one is not")
    func epochs() {
        var state = Self.following()
        _ = state.begin()
        #expect(state.receive(.primary(Self.b, configEpoch: 5), isReady: true) == .ask(Self.sentinels[2]))
        #expect(state.receive(.primary(Self.a, configEpoch: 5), isReady: true) == .follow(Self.a))
        _ = state.begin()
        #expect(state.receive(.primary(Self.b, configEpoch: 6), isReady: true) == .follow(Self.b))
        _ = state.begin()
        #expect(state.receive(.primary(Self.a, configEpoch: 5), isReady: false) == .ask(Self.sentinels[2]))
        #expect(state.receive(.primary(Self.b, configEpoch: 6), isReady: false) == .follow(Self.b))
        #expect(state.primary == Self.b)
    }

    @Test("An announcement is followed, and answers from before it are not")
    func announced() {
        var state = Self.following()
        #expect(state.announced(Self.b) == .follow(Self.b))
        _ = state.begin()
        #expect(state.receive(.primary(Self.a, configEpoch: 5), isReady: false) == .ask(Self.sentinels[2]))
        #expect(state.receive(.primary(Self.b, configEpoch: 6), isReady: false) == .follow(Self.b))
    }

    @Test(
        "Older answers that nobody contradicts are believed in the end", arguments: [(true, 4), (false, 2)])
    func startedAnew(isReady: Bool, rounds: Int) {
        var state = Self.following()
        for round in 1...rounds {
            #expect(state.isUnsettled == (round > 1))
            _ = state.begin()
            #expect(
                state.receive(.primary(Self.b, configEpoch: 0), isReady: isReady) == .ask(Self.sentinels[2]))
            _ = state.receive(.none("x"), isReady: isReady)
            let last = state.receive(.primary(Self.b, configEpoch: 1), isReady: isReady)
            #expect(last == (round == rounds ? .follow(Self.b) : .stay))
        }
        #expect(state.primary == Self.b && state.isUnsettled)
        _ = state.begin()
        #expect(state.receive(.primary(Self.b, configEpoch: 1), isReady: true) == .follow(Self.b))
        #expect(!state.isUnsettled)
    }

    @Test("Another sentinel announces when one is silent; after all of them there is a pause")
    func announcers() {
        var state = SentinelState(name: "stint", sentinels: Self.sentinels)
        var announcers: [RedisURL.Address] = []
        var pauses: [Bool] = []
        for _ in 0..<4 {
            announcers.append(state.announcer)
            pauses.append(state.loseAnnouncer())
        }
        #expect(announcers == Self.sentinels + [Self.sentinels[0]])
        #expect(pauses == [false, false, true, false])
    }

    @Test("A sentinel has the user of the sentinels, no database, and the TLS of the URL")
    func settings() throws {
        var settings = RedisSettings(url: try RedisURL("rediss+sentinel://ann:pw@s1,s2/stint/3"))
        var url = settings.ofSentinel(at: Self.sentinels[1]).url
        #expect(url.addresses == [Self.sentinels[1]] && url.database == 0 && url.usesTLS)
        #expect(url.user == nil && url.password == nil)
        (settings.sentinelUser, settings.sentinelPassword) = ("bob", "other")
        url = settings.ofSentinel(at: Self.sentinels[1]).url
        #expect(url.user == "bob" && url.password == "other")
        url = settings.url.at(Self.a)
        #expect(url.user == "ann" && url.password == "pw" && url.database == 3 && url.usesTLS)
        #expect(url.deployment == .single)
    }
}
