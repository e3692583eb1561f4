// Matches replies to commands, as a value: replies come in the order of the commands. No I/O, no
// clock.

import NIOCore

/// The commands of one link that have no reply yet, oldest first: those whose deadline has passed,
/// those that the socket has and whose reply may still be in time, and those that the socket does
/// not have yet.
struct WaitingReplies<Sink> {
    private var entries = CircularBuffer<Entry>(initialCapacity: 64)
    /// How many of the oldest were handed to the socket.
    private var handedOver = 0
    /// How many of the oldest are forgotten: no sink waits for their replies. Each keeps its place
    /// until its reply has come; otherwise that reply would be taken for the next command's.
    private var forgotten = 0

    private struct Entry {
        /// Nil: forgotten.
        var sink: Sink?
        let deadline: NIODeadline
    }

    /// The receiver of the next reply.
    enum Next {
        case sink(Sink)
        case forgotten
        /// No command waits for a reply.
        case unasked
    }

    /// The number of commands, including forgotten ones.
    var count: Int { entries.count }
    var hasForgotten: Bool { forgotten > 0 }
    /// The deadline of the oldest command that is not forgotten.
    var deadline: NIODeadline? {
        forgotten < entries.count ? entries[place(forgotten)].deadline : nil
    }
    /// Whether every command that is not forgotten is still unsent.
    var areAllUnsent: Bool { handedOver == forgotten }

    private func place(_ offset: Int) -> CircularBuffer<Entry>.Index {
        entries.index(entries.startIndex, offsetBy: offset)
    }

    /// - Parameter deadline: not before that of the previous command.
    mutating func append(_ sink: Sink, deadline: NIODeadline) {
        entries.append(Entry(sink: sink, deadline: deadline))
    }

    /// Everything that waits was handed to the socket.
    mutating func handOver() { handedOver = entries.count }

    mutating func dequeue() -> Next {
        guard handedOver > 0 else { return .unasked }
        handedOver -= 1
        if let sink = entries.removeFirst().sink { return .sink(sink) }
        forgotten -= 1
        return .forgotten
    }

    /// Forgets the commands that the socket has and that were due by then.
    /// - Returns: their sinks, in order.
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

    /// Removes the commands that the socket does not have yet.
    /// - Returns: their sinks, in order.
    mutating func withdrawUnsent() -> [Sink] {
        let sinks = entries.dropFirst(handedOver).compactMap(\.sink)
        entries.removeLast(entries.count - handedOver)
        return sinks
    }

    /// The failures of all waiting commands, in order: those that the socket had are lost, the
    /// others were not sent.
    func failures(because reason: String) -> [(sink: Sink, failure: RedisFailure)] {
        entries.enumerated().compactMap { index, entry in
            entry.sink.map { sink in
                (sink, index < handedOver ? RedisFailure.lost(reason) : RedisFailure.notSent(reason))
            }
        }
    }
}

extension WaitingReplies.Next: Equatable where Sink: Equatable {}
