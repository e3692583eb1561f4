// One connection's stay at the admin API: how long it may be silent, how long a request may take to
// come and a reply to be read, and when the place may be given to somebody else.

import NIOCore
import WireFormat

/// Used on the connection's event loop.
final class Stay {
    /// What has taken too long.
    enum Late {
        /// Not a byte came, on a place for health.
        case caller
        case request
        /// The replies are not read, or the client does not leave after the last one.
        case reader
    }

    /// How long a client may take to close its half after the last reply.
    static let leaving: TimeAmount = .seconds(1)

    private enum LastReply { case toCome, written, sent }

    private let place: Places.Place
    private let places: Places
    private let bounds: AdminBounds
    private let eventLoop: any EventLoop
    private var onLate: ((Late) -> Void)?
    private var deadline: Scheduled<Void>?
    private var readerDeadline: Scheduled<Void>?
    /// Bytes came of a request that is not complete.
    private var isReceiving = false
    private var lastReply = LastReply.toCome

    init(on place: Places.Place, of places: Places, bounds: AdminBounds, eventLoop: any EventLoop) {
        self.place = place
        self.places = places
        self.bounds = bounds
        self.eventLoop = eventLoop
    }

    /// Nothing but health is answered, once.
    var isForHealth: Bool { place.kind == .health }

    /// How long a request may take.
    var timeout: Duration { isForHealth ? bounds.healthTimeout : bounds.requestTimeout }

    /// Why nothing else is answered on a place for health.
    var refusal: Problem {
        Problem(
            .temporaryReducedCapacity,
            detail:
                "all \(bounds.connections) connections are taken; only /livez, /readyz and /metrics are answered"
        )
    }

    /// The connection is open.
    /// - Parameter onLate: called when something has taken too long.
    func begins(_ onLate: @escaping (Late) -> Void) {
        self.onLate = onLate
        if isForHealth { schedule() }
    }

    private func schedule() {
        deadline?.cancel()
        deadline = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(timeout)) { [self] in
            onLate?(isReceiving ? .request : .caller)
        }
    }

    private func scheduleReader(in time: TimeAmount) {
        readerDeadline?.cancel()
        guard onLate != nil else { return }
        readerDeadline = eventLoop.assumeIsolated().scheduleTask(in: time) { [self] in onLate?(.reader) }
    }

    private func cancelReader() {
        readerDeadline?.cancel()
        readerDeadline = nil
    }

    func bytesArrive() {
        guard !isReceiving else { return }
        isReceiving = true
        // On a place for health time runs from the beginning, and only a whole request keeps it.
        guard !isForHealth else { return }
        places.busy(place)
        schedule()
    }

    /// The request is complete.
    func requestEnds() {
        isReceiving = false
        deadline?.cancel()
        places.busy(place)
    }

    /// All that was asked is answered.
    func rests() {
        if !isReceiving { places.idle(place, at: .now()) }
    }

    /// The last reply is written: there is nothing to wait for but that it is read. Meanwhile a
    /// place for health may be given to somebody else; an ordinary one may once the reply is sent.
    func ends() {
        isReceiving = false
        lastReply = .written
        deadline?.cancel()
        if isForHealth { places.idle(place, at: .now()) }
        if readerDeadline == nil { scheduleReader(in: TimeAmount(bounds.writeTimeout)) }
    }

    /// The last reply is sent.
    func isSent() {
        lastReply = .sent
        places.idle(place, at: .now())
        scheduleReader(in: Self.leaving)
    }

    func writability(is isWritable: Bool) {
        guard lastReply != .sent else { return }
        if isWritable { cancelReader() }
        if !isWritable || lastReply == .written { scheduleReader(in: TimeAmount(bounds.writeTimeout)) }
    }

    /// The connection is closed.
    func isGone() {
        deadline?.cancel()
        cancelReader()
        onLate = nil
        places.left(place)
    }
}
