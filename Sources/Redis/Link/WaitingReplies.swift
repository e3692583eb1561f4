// Who waits for which reply, as a value: the order of commands is the order of replies. No I/O, no
// clock.

import NIOCore

/// The commands of one link that have no reply yet, oldest first: those whose time is over, those
/// that the socket has and whose reply may still be in time, and those that the socket has not.
struct WaitingReplies<Sink> {
    private var entries = CircularBuffer<Entry>(initialCapacity: 64)
    /// How many of the oldest were handed to the socket.
    private var handedOver = 0
    /// How many of the oldest are forgotten: nobody waits for their replies any more. Each keeps
    /// its place until its reply has come, or that would be taken for the next one's.
    private var forgotten = 0

    private struct Entry {
        /// Nil: it is forgotten.
        var sink: Sink?
        let deadline: NIODeadline
    }

    /// Whose reply comes next.
    enum Next {
        case sink(Sink)
        case forgotten
        /// The server answers what it was not asked.
        case unasked
    }

    /// All of them, the forgotten ones too.
    var count: Int { entries.count }
    var hasForgotten: Bool { forgotten > 0 }
    /// When the oldest that is not forgotten must have its reply.
    var deadline: NIODeadline? {
        forgotten < entries.count ? entries[place(forgotten)].deadline : nil
    }
    /// The socket has none that is not forgotten.
    var areAllUnsent: Bool { handedOver == forgotten }

    private func place(_ offset: Int) -> CircularBuffer<Entry>.Index {
        entries.index(entries.startIndex, offsetBy: offset)
    }

    /// - Parameter deadline: not before that of the one before.
    mutating func append(_ sink: Sink, deadline: NIODeadline) {
        entries.append(Entry(sink: sink, deadline: deadline))
    }

    /// All that wait were handed to the socket.
    mutating func handOver() { handedOver = entries.count }

    mutating func dequeue() -> Next {
        guard handedOver > 0 else { return .unasked }
        handedOver -= 1
        if let sink = entries.removeFirst().sink { return .sink(sink) }
        forgotten -= 1
        return .forgotten
    }

    /// Forgets those that the socket has and that were due by then.
    /// - Returns: who waited for their replies, in order.
    mutating func forget(dueBy time: NIODeadline) -> [Sink] {
        var sinks: [Sink] = []
        while forgotten < handedOver, let sink = entries[place(forgotten)].sink,
            entries[place(forgotten)].deadline <= time
        {
            sinks.append(sink)
            entries[place(forgotten)].sink = nil
            forgotten += 1
        }
        return sinks
    }

    /// Takes those out that the socket has not.
    /// - Returns: who waited for their replies, in order.
    mutating func withdrawUnsent() -> [Sink] {
        let sinks = entries.dropFirst(handedOver).compactMap(\.sink)
        entries.removeLast(entries.count - handedOver)
        return sinks
    }

    /// What all who still wait get, in order: what the socket had is lost, the rest was not sent.
    func failures(because reason: String) -> [(sink: Sink, failure: RedisFailure)] {
        entries.enumerated().compactMap { index, entry in
            entry.sink.map { sink in
                (sink, index < handedOver ? RedisFailure.lost(reason) : RedisFailure.notSent(reason))
            }
        }
    }
}

extension WaitingReplies.Next: Equatable where Sink: Equatable {}
