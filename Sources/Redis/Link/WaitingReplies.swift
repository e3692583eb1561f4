// Who waits for which reply, as a value: the order of commands is the order of replies. No I/O, no
// clock.

import NIOCore

/// The commands of one link that have no reply yet, oldest first: first those handed to the socket,
/// then the rest.
struct WaitingReplies<Sink> {
    private var entries = CircularBuffer<Entry>(initialCapacity: 64)
    /// How many of the oldest were handed to the socket.
    private var handedOver = 0

    private struct Entry {
        let sink: Sink
        let deadline: NIODeadline
    }

    var count: Int { entries.count }
    /// When the oldest must have its reply.
    var deadline: NIODeadline? { entries.first?.deadline }

    mutating func append(_ sink: Sink, deadline: NIODeadline) {
        entries.append(Entry(sink: sink, deadline: deadline))
    }

    /// All that wait were handed to the socket.
    mutating func handOver() { handedOver = entries.count }

    /// Whose reply comes next; nil when the server answers what it was not asked.
    mutating func takeNext() -> Sink? {
        guard handedOver > 0 else { return nil }
        handedOver -= 1
        return entries.removeFirst().sink
    }

    /// What all get, in order: what the socket had is lost, the rest was not sent.
    func failures(because reason: String) -> [(sink: Sink, failure: RedisFailure)] {
        entries.enumerated().map { index, entry in
            (entry.sink, index < handedOver ? .lost(reason) : .notSent(reason))
        }
    }
}
