// Transcripts of connections: events, and the actions that follow.

import Testing

@testable import RunnerAPI

@Suite("The state of a connection")
struct ConnectionStateTests {
    /// Of 8 ticks for a request, 80 at rest, 40 without reading, 8 to say goodbye.
    private static var timeouts: Timeouts {
        var settings = RunnerSettings()
        settings.headerTimeout = .seconds(1)
        settings.idleTimeout = .seconds(10)
        settings.writeTimeout = .seconds(5)
        return Timeouts(settings)
    }

    @Test("head arrives: read the body; body ends: start; reply: write it, send it, read on")
    func pieces() {
        let script = ConnectionScript()
        #expect(script.read() == [.read])
        #expect(script.bytes())
        #expect(script.head())
        #expect(script.isReceiving && !script.isBetweenRequests)
        #expect(script.advance() == [])
        #expect(script.end() == [.start(0)])
        #expect(script.isBetweenRequests)
        #expect(script.answer() == [.advance])
        #expect(script.advance() == [.write(isLast: false), .flush])
        #expect(script.read() == [.read])
        #expect(script.acceptsRequests)
    }

    @Test("several whole requests: start each; replies in any order: write them in theirs, with one flush")
    func pipelined() {
        let script = ConnectionScript()
        #expect(script.bytes())
        for place in 0..<3 { #expect(script.request() == [.start(place)]) }
        #expect(script.advance() == [])
        #expect(script.answer(2) == [.advance])
        #expect(script.answer(1) == [], "it is known already")
        #expect(script.advance() == [])
        #expect(script.answer(0) == [.advance])
        #expect(
            script.advance() == [
                .write(isLast: false), .write(isLast: false), .write(isLast: false), .flush,
            ])
    }

    @Test("reply while bytes are being decoded: no advance, because one is sure to come")
    func busy() {
        let script = ConnectionScript()
        #expect(script.bytes())
        #expect(script.request() == [.start(0)])
        #expect(script.answer() == [])
        #expect(script.advance() == [.write(isLast: false), .flush])
    }

    @Test("many replies: send after 64 KiB, then go on")
    func batches() {
        let script = ConnectionScript()
        script.replyBytes = 40_000
        #expect(script.bytes())
        for place in 0..<3 {
            #expect(script.request() == [.start(place)])
            #expect(script.answer(place) == [])
        }
        #expect(
            script.advance() == [
                .write(isLast: false), .write(isLast: false), .flush, .write(isLast: false), .flush,
            ])
    }

    @Test("the client waits to be asked for its body: ask, but not before the replies to earlier requests")
    func continues() {
        let script = ConnectionScript()
        #expect(script.bytes())
        #expect(script.request() == [.start(0)])
        #expect(script.head(owesContinue: true))
        #expect(script.advance() == [])
        #expect(script.answer() == [.advance])
        #expect(script.advance() == [.write(isLast: false), .writeContinue, .flush])
        #expect(script.end() == [.start(0)])
    }

    // MARK: Pauses

    @Test("33 requests: start 32 and hold the read; a reply: send it, start the last, read on")
    func full() {
        let script = ConnectionScript()
        #expect(script.bytes())
        for place in 0..<32 { #expect(script.request() == [.start(place)]) }
        #expect(script.request() == [])
        #expect(script.advance() == [])
        #expect(script.read() == [])
        #expect(script.answer() == [.advance])
        #expect(script.advance() == [.write(isLast: false), .flush, .start(31)])
        #expect(script.read() == [], "32 wait still")
        #expect(script.answer() == [.advance])
        #expect(script.advance() == [.write(isLast: false), .flush, .read])
        #expect(script.read() == [.read])
    }

    @Test("reply while paused: write it; request while paused: start it when the client reads again")
    func stalled() {
        let script = ConnectionScript()
        #expect(script.bytes())
        #expect(script.request() == [.start(0)])
        #expect(script.advance() == [])
        #expect(script.writability(false) == [.advance])
        #expect(script.advance() == [])
        #expect(script.answer() == [.advance])
        #expect(script.advance() == [.write(isLast: false), .flush])
        #expect(script.bytes())
        #expect(script.request() == [])
        #expect(script.advance() == [])
        #expect(script.read() == [])
        #expect(script.writability(true) == [.advance])
        #expect(script.advance() == [.start(0), .read])
    }

    @Test("a pause in the midst of a request: its time begins anew when a read was held")
    func pausedArrival() {
        let script = ConnectionScript()
        #expect(script.bytes())
        for place in 0..<32 { #expect(script.request() == [.start(place)]) }
        script.bytesRemain()
        #expect(script.advance() == [])
        #expect(script.read() == [])
        #expect(script.wait(100, Self.timeouts) == [], "it is not the client who is late")
        #expect(script.answer() == [.advance])
        #expect(script.advance() == [.write(isLast: false), .flush, .read])
        #expect(script.wait(8, Self.timeouts) == [])
        #expect(script.wait(1, Self.timeouts) == [.fail(isQueued: false), .advance])
    }

    // MARK: The end

    @Test("last request: answer it, send, close the sending half, close when the client has closed its own")
    func lastRequest() {
        let script = ConnectionScript()
        #expect(script.bytes())
        #expect(script.request() == [.start(0)])
        #expect(script.request(isLast: true) == [.start(1)])
        #expect(!script.acceptsRequests && !script.bytes() && !script.head())
        #expect(script.advance() == [])
        #expect(script.answer() == [.advance])
        #expect(script.advance() == [.write(isLast: false), .flush])
        #expect(script.answer() == [.advance])
        #expect(script.advance() == [.write(isLast: true), .flush, .finish])
        #expect(script.read() == [.read], "to see the client close")
        #expect(script.sent() == [.closeOutput])
        #expect(script.endInput() == [.close])
    }

    @Test("input ends at rest: leave and close")
    func inputEndsAtRest() {
        let script = ConnectionScript()
        #expect(script.endInput() == [.advance])
        #expect(script.advance() == [.finish])
        #expect(script.sent() == [.close])
    }

    @Test("input ends while requests wait: answer them, then close")
    func inputEndsWaiting() {
        let script = ConnectionScript()
        #expect(script.bytes())
        #expect(script.request() == [.start(0)])
        #expect(script.advance() == [])
        #expect(script.endInput() == [.advance])
        #expect(script.advance() == [])
        #expect(script.answer() == [.advance])
        #expect(script.advance() == [.write(isLast: true), .flush, .finish])
        #expect(script.sent() == [.close])
    }

    @Test("input ends in a request: fail it in its place")
    func inputEndsInRequest() {
        let script = ConnectionScript()
        #expect(script.bytes())
        #expect(script.head())
        #expect(script.advance() == [])
        #expect(script.endInput() == [.fail(isQueued: true), .advance])
        #expect(script.advance() == [.start(0), .write(isLast: true), .flush, .finish])
        #expect(script.sent() == [.close])
    }

    @Test("no request: fail behind all others, once")
    func malformed() {
        let script = ConnectionScript()
        #expect(script.bytes())
        #expect(script.request() == [.start(0)])
        #expect(script.fail() == [.fail(isQueued: false)])
        #expect(script.fail() == [])
        #expect(script.advance() == [.start(1)])
        #expect(script.answer() == [.advance])
        #expect(
            script.advance() == [.write(isLast: false), .write(isLast: true), .flush, .finish])
    }

    @Test("drain at rest: leave; in a request: take it and none behind it")
    func drains() {
        let idle = ConnectionScript()
        #expect(idle.drain() == [.advance])
        #expect(idle.advance() == [.finish])

        let busy = ConnectionScript()
        #expect(busy.bytes())
        #expect(busy.request() == [.start(0)])
        #expect(busy.head())
        #expect(busy.advance() == [])
        #expect(busy.drain() == [.advance])
        #expect(busy.advance() == [])
        #expect(busy.acceptsRequests)
        #expect(busy.end() == [.start(1)])
        #expect(!busy.acceptsRequests)
        #expect(busy.answer(1) == [.advance])
        #expect(busy.answer(0) == [])
        #expect(busy.advance() == [.write(isLast: false), .write(isLast: true), .flush, .finish])
    }

    @Test("a held read is made when the last reply has been written")
    func heldReadOfLeaving() {
        let script = ConnectionScript()
        #expect(script.bytes())
        for _ in 0..<31 { #expect(script.request().count == 1) }
        #expect(script.request(isLast: true) == [.start(31)])
        #expect(script.read() == [])
        for place in 0..<32 { #expect(script.answer(place) == []) }
        let actions = script.advance()
        #expect(actions.count == 35 && actions.suffix(3) == [.flush, .finish, .read])
    }

    @Test("closed: nothing is to be done any more")
    func closed() {
        let script = ConnectionScript()
        #expect(script.bytes())
        #expect(script.request() == [.start(0)])
        script.closed()
        #expect(script.answer() == [] && script.advance() == [] && script.fail() == [])
        #expect(script.drain() == [] && script.endInput() == [] && script.sent() == [])
        #expect(script.wait(1_000, Self.timeouts) == [])
        #expect(!script.bytes() && !script.acceptsRequests && script.restsSince == nil)
    }

    // MARK: Time

    @Test("a request that does not arrive in time fails, with its head or without")
    func slowRequest() {
        for hasHead in [false, true] {
            let script = ConnectionScript()
            #expect(script.wait(50, Self.timeouts) == [])
            #expect(script.bytes())
            if hasHead { #expect(script.head()) }
            #expect(script.advance() == [])
            #expect(script.wait(8, Self.timeouts) == [])
            #expect(script.bytes())
            #expect(script.advance() == [])
            #expect(script.wait(1, Self.timeouts) == [.fail(isQueued: hasHead), .advance])
        }
    }

    @Test("at rest for too long: close; a reply begins the time anew, waiting for one is no rest")
    func rest() {
        let script = ConnectionScript()
        #expect(script.wait(80, Self.timeouts) == [] && script.restsSince == 0)
        #expect(script.bytes())
        #expect(script.request() == [.start(0)])
        #expect(script.advance() == [])
        #expect(script.restsSince == nil)
        #expect(script.wait(1_000, Self.timeouts) == [])
        #expect(script.answer() == [.advance])
        #expect(script.advance() == [.write(isLast: false), .flush])
        #expect(script.restsSince == script.tick)
        #expect(script.wait(80, Self.timeouts) == [])
        #expect(script.wait(1, Self.timeouts) == [.close])
    }

    @Test("a client that does not read for too long: close, whether more may come or not")
    func unread() {
        for isLast in [false, true] {
            let script = ConnectionScript()
            #expect(script.bytes())
            #expect(script.request(isLast: isLast) == [.start(0)])
            #expect(script.advance() == [])
            #expect(script.writability(false) == [.advance])
            #expect(script.advance() == [])
            #expect(script.wait(20, Self.timeouts) == [])
            #expect(script.writability(false) == [.advance], "it is the first time that counts")
            #expect(script.advance() == [])
            #expect(script.wait(20, Self.timeouts) == [])
            #expect(script.wait(1, Self.timeouts) == [.close])
        }
    }

    @Test("a client that does not close after the last reply: close")
    func goodbye() {
        let script = ConnectionScript()
        #expect(script.drain() == [.advance])
        #expect(script.advance() == [.finish])
        #expect(script.sent() == [.closeOutput])
        #expect(script.wait(8, Self.timeouts) == [])
        #expect(script.wait(1, Self.timeouts) == [.close])
    }
}
