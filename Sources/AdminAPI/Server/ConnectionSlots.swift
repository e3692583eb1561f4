// The slots for connections to the admin API, and which connection is closed for a new one. So no
// client can occupy all slots for long, and monitors always get an answer.

import NIOCore
import Synchronization

final class ConnectionSlots: Sendable {
    enum Kind { case ordinary, health }

    /// How long an idle connection keeps an ordinary slot, because its first request may be on its
    /// way.
    static let grace: TimeAmount = .milliseconds(100)

    struct Slot: Sendable {
        fileprivate let id: Int
        let kind: Kind
    }

    private struct Holder {
        let kind: Kind
        let evict: @Sendable () -> Void
        /// Since when it is idle; nil while it has a request.
        var idleSince: NIODeadline?
    }

    private struct State {
        var holders: [Int: Holder] = [:]
        var latestID = 0

        /// The slot of that kind that is idle for longest, if that is long enough.
        func longestIdle(_ kind: Kind, at now: NIODeadline) -> Int? {
            let idle = holders.compactMap { id, holder in
                holder.kind == kind ? holder.idleSince.map { (since: $0, id: id) } : nil
            }
            guard let longest = idle.min(by: <) else { return nil }
            return kind == .health || now - longest.since >= ConnectionSlots.grace ? longest.id : nil
        }

        func count(_ kind: Kind) -> Int { holders.values.count { $0.kind == kind } }
    }

    private let maximum: [Kind: Int]
    private let state = Mutex(State())

    /// - Parameters:
    ///   - connections: slots for all requests.
    ///   - healthConnections: further slots, for health only.
    init(connections: Int, healthConnections: Int) {
        maximum = [.ordinary: connections, .health: healthConnections]
    }

    /// Gives a new connection a slot. If all are taken, the one that is idle for longest is
    /// closed. The new connection counts as idle.
    /// - Parameters:
    ///   - now: the time.
    ///   - evict: called when this connection must close. It then has no slot any more.
    /// - Returns: nil if no connection is idle, not even one for health.
    func claim(at now: NIODeadline, evict: @escaping @Sendable () -> Void) -> Slot? {
        let (slot, evicted) = state.withLock { state -> (Slot?, Holder?) in
            for kind in [Kind.ordinary, .health] {
                var evicted: Holder?
                if state.count(kind) >= maximum[kind, default: 0] {
                    guard let longest = state.longestIdle(kind, at: now) else { continue }
                    evicted = state.holders.removeValue(forKey: longest)
                }
                state.latestID += 1
                state.holders[state.latestID] = Holder(kind: kind, evict: evict, idleSince: now)
                return (Slot(id: state.latestID, kind: kind), evicted)
            }
            return (nil, nil)
        }
        evicted?.evict()
        return slot
    }

    /// It has a request, and keeps its slot until it is idle.
    func busy(_ slot: Slot) { state.withLock { $0.holders[slot.id]?.idleSince = nil } }

    func idle(_ slot: Slot, at now: NIODeadline) {
        state.withLock { $0.holders[slot.id]?.idleSince = now }
    }

    func release(_ slot: Slot) { state.withLock { _ = $0.holders.removeValue(forKey: slot.id) } }
}
