// Which connection must close when a new one comes and all slots are taken.

import NIOCore
import Synchronization
import Testing

@testable import AdminAPI

@Suite("Connection slots")
struct ConnectionSlotsTests {
    /// Two slots, and one for health; remembers which were closed.
    private final class Rig: Sendable {
        let slots = ConnectionSlots(connections: 2, healthConnections: 1)
        private let names = Mutex<[String]>([])
        var gone: [String] { names.withLock { $0 } }

        func enter(_ name: String, at seconds: Double) -> ConnectionSlots.Slot? {
            slots.claim(at: Rig.time(seconds)) { [self] in names.withLock { $0.append(name) } }
        }

        static func time(_ seconds: Double) -> NIODeadline { .uptimeNanoseconds(UInt64(seconds * 1e9)) }
    }

    @Test("The one that is idle for longest is closed, however often the others were")
    func longest() throws {
        let rig = Rig()
        let first = try #require(rig.enter("first", at: 1))
        _ = rig.enter("second", at: 2)
        rig.slots.busy(first)
        rig.slots.idle(first, at: Rig.time(3))
        #expect(rig.gone.isEmpty)
        #expect(rig.enter("third", at: 4)?.kind == .ordinary)
        #expect(rig.enter("fourth", at: 5)?.kind == .ordinary)
        #expect(rig.gone == ["second", "first"])
    }

    @Test(
        "A connection with a request stays; the next one gets a slot for health, where again the longest idle one closes"
    )
    func busy() throws {
        let rig = Rig()
        for (name, seconds) in [("first", 1.0), ("second", 2)] {
            rig.slots.busy(try #require(rig.enter(name, at: seconds)))
        }
        #expect(rig.enter("third", at: 3)?.kind == .health)
        let fourth = try #require(rig.enter("fourth", at: 4))
        #expect(fourth.kind == .health)
        #expect(rig.gone == ["third"])
        rig.slots.busy(fourth)
        #expect(rig.enter("fifth", at: 5) == nil)
        rig.slots.release(fourth)
        #expect(rig.enter("sixth", at: 6)?.kind == .health)
        #expect(rig.gone == ["third"])
    }

    @Test("A new connection is not closed before its request can have come; on a slot for health it is")
    func grace() throws {
        let rig = Rig()
        _ = rig.enter("first", at: 1)
        _ = rig.enter("second", at: 1.05)
        #expect(rig.enter("third", at: 1.09)?.kind == .health)
        #expect(rig.enter("fourth", at: 1.1)?.kind == .ordinary)
        #expect(rig.enter("fifth", at: 1.11)?.kind == .health)
        #expect(rig.gone == ["first", "third"])
    }

    @Test("A released slot is another connection's; its former one changes nothing any more")
    func left() throws {
        let rig = Rig()
        let first = try #require(rig.enter("first", at: 1))
        let second = try #require(rig.enter("second", at: 2))
        _ = rig.enter("third", at: 3)
        rig.slots.busy(first)
        rig.slots.release(first)
        rig.slots.release(second)
        #expect(rig.enter("fourth", at: 4)?.kind == .ordinary)
        #expect(rig.gone == ["first"])
        #expect(rig.enter("fifth", at: 5)?.kind == .ordinary)
        #expect(rig.gone == ["first", "third"])
    }

    @Test(
        "Few connections are shared with health",
        arguments: [(2, 1, 1), (8, 4, 4), (100, 84, 16), (500, 256, 16)])
    func bounds(all: Int, ordinary: Int, health: Int) {
        let bounds = AdminBounds(allConnections: all)
        #expect(bounds.connections == ordinary && bounds.healthConnections == health)
    }
}
