// The timeouts of one connection to the admin API: how long it may be silent, a request may take to
// arrive and a reply to be read, and when another connection may get its slot.

import NIOCore
import WireFormat

/// Used on the connection's event loop.
final class ConnectionTimeouts {
    /// What has taken too long.
    enum Late {
        /// No byte came, on a slot for health.
        case silence
        case request
        /// The client does not read its replies, or does not close after the last one.
        case reader
    }

    /// How long a client may take to close its half after the last reply.
    static let leaving: TimeAmount = .seconds(1)

    private enum LastReply { case toCome, written, sent }

    private let slot: ConnectionSlots.Slot
    private let slots: ConnectionSlots
    private let bounds: AdminBounds
    private let eventLoop: any EventLoop
    private var onLate: ((Late) -> Void)?
    private var deadline: Scheduled<Void>?
    private var readerDeadline: Scheduled<Void>?
    /// An incomplete request has begun.
    private var isReceiving = false
    private var lastReply = LastReply.toCome

    init(
        on slot: ConnectionSlots.Slot, of slots: ConnectionSlots, bounds: AdminBounds,
        eventLoop: any EventLoop
    ) {
        self.slot = slot
        self.slots = slots
        self.bounds = bounds
        self.eventLoop = eventLoop
    }

    /// Only one request, for health, is answered.
    var isForHealth: Bool { slot.kind == .health }

    /// How long a request may take.
    var timeout: Duration { isForHealth ? bounds.healthTimeout : bounds.requestTimeout }

    /// The reply to any other request on a slot for health.
    var refusal: Problem {
        Problem(
            .temporaryReducedCapacity,
            detail:
                "all \(bounds.connections) connections are in use; only /livez, /readyz and /metrics are answered"
        )
    }

    /// The connection is open.
    /// - Parameter onLate: called when something has taken too long.
    func start(_ onLate: @escaping (Late) -> Void) {
        self.onLate = onLate
        if isForHealth { schedule() }
    }

    private func schedule() {
        deadline?.cancel()
        deadline = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(timeout)) { [self] in
            onLate?(isReceiving ? .request : .silence)
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

    func requestBegan() {
        guard !isReceiving else { return }
        isReceiving = true
        // On a slot for health the time runs from the start, and only a complete request keeps the
        // slot.
        guard !isForHealth else { return }
        slots.busy(slot)
        schedule()
    }

    /// The request is complete.
    func requestEnded() {
        isReceiving = false
        deadline?.cancel()
        slots.busy(slot)
    }

    /// All requests are answered.
    func becameIdle() {
        if !isReceiving { slots.idle(slot, at: .now()) }
    }

    /// The last reply is written, and the client must only read it. Another connection may get a
    /// slot for health now, and an ordinary slot once the reply is sent.
    func lastReplyWritten() {
        isReceiving = false
        lastReply = .written
        deadline?.cancel()
        if isForHealth { slots.idle(slot, at: .now()) }
        if readerDeadline == nil { scheduleReader(in: TimeAmount(bounds.writeTimeout)) }
    }

    /// The last reply is sent.
    func lastReplySent() {
        lastReply = .sent
        slots.idle(slot, at: .now())
        scheduleReader(in: Self.leaving)
    }

    func writabilityChanged(to isWritable: Bool) {
        guard lastReply != .sent else { return }
        if isWritable { cancelReader() }
        if !isWritable || lastReply == .written { scheduleReader(in: TimeAmount(bounds.writeTimeout)) }
    }

    /// The connection is closed.
    func closed() {
        deadline?.cancel()
        cancelReader()
        onLate = nil
        slots.release(slot)
    }
}
