// The places for connections to the admin API, and which connection must leave for a new one. So no
// client can occupy all places for long, and monitors always get an answer.

import NIOCore
import Synchronization

final class Places: Sendable {
    enum Kind { case ordinary, health }

    /// How long an idle connection keeps an ordinary place, because its first request may be on its
    /// way.
    static let grace: TimeAmount = .milliseconds(100)

    struct Place: Sendable {
        fileprivate let id: Int
        let kind: Kind
    }

    private struct Holder {
        let kind: Kind
        let leave: @Sendable () -> Void
        /// Since when it is idle; nil while it has a request.
        var idleSince: NIODeadline?
    }

    private struct State {
        var holders: [Int: Holder] = [:]
        var latestID = 0

        /// The place of that kind that is idle for longest, if that is long enough.
        func longestIdle(_ kind: Kind, at now: NIODeadline) -> Int? {
            let idle = holders.compactMap { id, holder in
                holder.kind == kind ? holder.idleSince.map { (since: $0, id: id) } : nil
            }
            guard let longest = idle.min(by: <) else { return nil }
            return kind == .health || now - longest.since >= Places.grace ? longest.id : nil
        }

        func count(_ kind: Kind) -> Int { holders.values.count { $0.kind == kind } }
    }

    private let maximum: [Kind: Int]
    private let state = Mutex(State())

    /// - Parameters:
    ///   - connections: places for all requests.
    ///   - healthConnections: further places, for health only.
    init(connections: Int, healthConnections: Int) {
        maximum = [.ordinary: connections, .health: healthConnections]
    }

    /// Gives a new connection a place. If all are taken, the one that is idle for longest must
    /// leave. The new connection counts as idle.
    /// - Parameters:
    ///   - now: the time.
    ///   - leave: called when this connection must leave. It then has no place any more.
    /// - Returns: nil if no connection is idle, not even on the places for health.
    func enter(at now: NIODeadline, leave: @escaping @Sendable () -> Void) -> Place? {
        let (place, evicted) = state.withLock { state -> (Place?, Holder?) in
            for kind in [Kind.ordinary, .health] {
                var evicted: Holder?
                if state.count(kind) >= maximum[kind, default: 0] {
                    guard let longest = state.longestIdle(kind, at: now) else { continue }
                    evicted = state.holders.removeValue(forKey: longest)
                }
                state.latestID += 1
                state.holders[state.latestID] = Holder(kind: kind, leave: leave, idleSince: now)
                return (Place(id: state.latestID, kind: kind), evicted)
            }
            return (nil, nil)
        }
        evicted?.leave()
        return place
    }

    /// It has a request, and keeps its place until it is idle.
    func busy(_ place: Place) { state.withLock { $0.holders[place.id]?.idleSince = nil } }

    func idle(_ place: Place, at now: NIODeadline) {
        state.withLock { $0.holders[place.id]?.idleSince = now }
    }

    func left(_ place: Place) { state.withLock { _ = $0.holders.removeValue(forKey: place.id) } }
}
