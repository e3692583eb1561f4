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
        enum Asker {
            case sink(Sink)
            /// The link itself, which only wants to know whether the server replies.
            case link
            case forgotten
        }

        var asker: Asker
        let deadline: NIODeadline

        var sink: Sink? {
            if case .sink(let sink) = asker { sink } else { nil }
        }
    }

    /// The receiver of the next reply.
    enum Next {
        case sink(Sink)
        /// The link's own command.
        case link
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
    /// Whether the server owes no reply: every command is still unsent.
    var areAllUnsent: Bool { handedOver == 0 }

    private func place(_ offset: Int) -> CircularBuffer<Entry>.Index {
        entries.index(entries.startIndex, offsetBy: offset)
    }

    /// - Parameter deadline: not before that of the previous command.
    mutating func append(_ sink: Sink, deadline: NIODeadline) {
        entries.append(Entry(asker: .sink(sink), deadline: deadline))
    }

    /// Appends a command of the link itself.
    mutating func appendOwn(deadline: NIODeadline) {
        entries.append(Entry(asker: .link, deadline: deadline))
    }

    /// Everything that waits was handed to the socket.
    mutating func handOver() { handedOver = entries.count }

    mutating func dequeue() -> Next {
        guard handedOver > 0 else { return .unasked }
        handedOver -= 1
        switch entries.removeFirst().asker {
        case .sink(let sink): return .sink(sink)
        case .link: return .link
        case .forgotten:
            forgotten -= 1
            return .forgotten
        }
    }

    /// Forgets the commands that the socket has and that were due by then.
    /// - Returns: how many they are, and their sinks, in order.
    mutating func forget(dueBy time: NIODeadline) -> (count: Int, sinks: [Sink]) {
        let before = forgotten
        var sinks: [Sink] = []
        while forgotten < handedOver, entries[place(forgotten)].deadline <= time {
            if let sink = entries[place(forgotten)].sink { sinks.append(sink) }
            entries[place(forgotten)].asker = .forgotten
            forgotten += 1
        }
        return (forgotten - before, sinks)
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
