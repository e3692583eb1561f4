// The state of a connection as a value: events go in, actions come out. It knows neither channels
// nor bytes nor HTTP, and time is a parameter, so that a test is a transcript. `Connection` passes
// the events in and carries out the actions.

/// The phase of a connection between its first byte and its last.
///
/// Requests wait in a queue for their replies, in the order in which they came. They are started
/// in that order too, at most ``maximumInFlight`` ahead of the replies. Times are in ticks.
enum ConnectionState: ~Copyable {
    /// Requests are read and started. To `waiting` (the queue is full, or the client does not read
    /// its replies), `draining` (the last request has come), `closed`.
    case reading(Intake)
    /// Nothing is read. Bytes that were read before still arrive, less than one read's worth. To
    /// `reading`, `draining`, `closed`.
    case waiting(Intake, Pause)
    /// The last request has come, and its reply has not been written. Later bytes are ignored. To
    /// `leaving`, `closed`.
    case draining(Queue, Pause, inputHasEnded: Bool)
    /// The last reply has been written. To `closed`.
    case leaving(Farewell)
    /// The channel is closed, and nothing is left to do.
    case closed

    /// The most requests without a written reply.
    static let maximumInFlight = 32
    /// Bytes of written replies after which they are flushed before more are written.
    static let maximumBatchBytes = 65_536

    /// What the connection must do.
    enum Action: Equatable {
        case none
        /// Call ``next(_:unsentBytes:at:)`` soon, until it returns ``none``.
        case advance
        /// Start the request at this place in the queue.
        case start(Int)
        /// Write the first reply and remove its request from the queue.
        case write(isLast: Bool)
        /// Tell the client to send the body of the first request.
        case writeContinue
        /// Flush the written bytes.
        case flush
        case read
        /// Answer with an error, either the request that arrives and is queued, or a new one at the
        /// end of the queue. It is the last.
        case fail(isQueued: Bool)
        /// Call ``lastReplyIsSent()`` when all written bytes are sent.
        case finish
        /// Close the sending half.
        case closeOutput
        /// Close at once, without a reply.
        case close
    }

    /// What the first request of the queue waits for.
    enum FirstReply: Equatable {
        case pending
        /// The client waits for 100 Continue before it sends the body.
        case owesContinue
        /// The reply can be written. If it `closes`, no request follows.
        case ready(closes: Bool)
    }

    init(at tick: Int) { self = .reading(Intake(idleSince: tick)) }
}

// MARK: What the states know

extension ConnectionState {
    /// The requests that wait for their replies.
    struct Queue: Equatable {
        /// All of them, including the one that arrives.
        var length = 0
        /// How many of them have been started, from the first on.
        var started = 0
        /// ``next(_:unsentBytes:at:)`` is running or scheduled.
        var isBusy = false

        /// Starts the next request, if it may start.
        /// - Parameters:
        ///   - complete: how many requests are complete.
        ///   - isStalled: whether the client does not read its replies.
        mutating func start(of complete: Int, isStalled: Bool) -> Action {
            guard started < min(complete, maximumInFlight), !isStalled else { return .none }
            started += 1
            return .start(started - 1)
        }

        /// Starts requests, then writes one batch of replies, and so on.
        /// - Parameters:
        ///   - first: what the first request waits for.
        ///   - unsentBytes: bytes of replies that were written and not flushed.
        ///   - complete: how many requests are complete.
        ///   - isStalled: whether the client does not read its replies.
        ///   - isLastKnown: whether no request follows those in the queue.
        mutating func next(
            _ first: FirstReply, unsentBytes: Int, complete: Int, isStalled: Bool, isLastKnown: Bool
        ) -> Action {
            isBusy = true
            if unsentBytes == 0, case .start(let place) = start(of: complete, isStalled: isStalled) {
                return .start(place)
            }
            if started > 0, unsentBytes < maximumBatchBytes, case .ready(let closes) = first {
                started -= 1
                length -= 1
                return .write(isLast: closes || isLastKnown && length == 0)
            }
            if started == 0, case .owesContinue = first { return .writeContinue }
            if unsentBytes > 0 { return .flush }
            isBusy = false
            return .none
        }

        /// - Returns: ``Action/advance``, unless ``isBusy``.
        mutating func change() -> Action {
            guard !isBusy else { return .none }
            isBusy = true
            return .advance
        }
    }

    /// A request that is not complete.
    struct Arrival: Equatable {
        /// When its first byte came, or when reading resumed after a pause within it.
        var since: Int
        /// Its head has come.
        var isQueued = false
        /// No request is accepted after it.
        var isLast = false
    }

    /// The state while requests are accepted.
    struct Intake: Equatable {
        var queue = Queue()
        var arrival: Arrival?
        /// When the connection was opened, or last sent replies.
        var idleSince: Int

        /// The head of a request has come, and its end has not.
        var isReceiving: Bool { arrival?.isQueued == true }

        /// The number of complete requests.
        var complete: Int { isReceiving ? queue.length - 1 : queue.length }

        var restsSince: Int? { queue.length == 0 && arrival == nil ? idleSince : nil }

        /// A request begins, unless it has begun before.
        mutating func begin(at tick: Int) {
            if arrival == nil { arrival = Arrival(since: tick) }
        }

        /// A request is complete, and is started if it may start.
        /// - Parameters:
        ///   - isNew: whether it came in one piece and has no place in the queue yet.
        ///   - isLast: whether it says that no other follows.
        ///   - isStalled: whether the client does not read its replies.
        mutating func end(isNew: Bool, isLast: Bool, isStalled: Bool) -> (Action, isLast: Bool) {
            if isNew { queue.length += 1 }
            let isLast = isLast || arrival?.isLast == true
            arrival = nil
            return (queue.start(of: queue.length, isStalled: isStalled), isLast)
        }

        /// The request that arrives gets an error.
        mutating func fail() -> Action {
            if !isReceiving { queue.length += 1 }
            return .fail(isQueued: isReceiving)
        }

        /// Accepts no request after the one that arrives.
        /// - Returns: whether the last request has come.
        mutating func drain() -> Bool {
            arrival?.isLast = true
            return arrival == nil
        }

        mutating func next(_ first: FirstReply, unsentBytes: Int, isStalled: Bool, at tick: Int) -> Action {
            let action = queue.next(
                first, unsentBytes: unsentBytes, complete: complete, isStalled: isStalled, isLastKnown: false)
            if case .flush = action { idleSince = tick }
            return action
        }
    }

    /// Why nothing is read: the queue is full, or the client does not read its replies.
    struct Pause: Equatable {
        /// Since when the client does not read; nil: it reads.
        var stalledSince: Int?
        /// A read was asked for and postponed.
        var readIsHeld = false

        var isStalled: Bool { stalledSince != nil }

        func isOver(for queue: Queue) -> Bool { !isStalled && queue.length < maximumInFlight }
    }

    /// The state once the last reply has been written.
    struct Farewell: Equatable {
        let since: Int
        /// A read was postponed before.
        var readIsHeld: Bool
        /// The client has closed its sending half.
        var inputHasEnded: Bool
        /// The last reply has been sent.
        var isSent = false
    }
}

// MARK: Queries

extension ConnectionState {
    /// False once the last request has come.
    var acceptsRequests: Bool { intake != nil }

    /// The head of a request has come, and its end has not.
    var isReceiving: Bool { intake?.isReceiving == true }

    /// All bytes so far belong to complete requests.
    var isBetweenRequests: Bool { intake?.arrival == nil }

    /// The tick since when the connection is idle; nil while it is not, and after the last request.
    var restsSince: Int? { intake?.restsSince }

    /// Nil once the last request has come.
    private var intake: Intake? {
        switch self {
        case .reading(let intake): intake
        case .waiting(let intake, _): intake
        case .draining: nil
        case .leaving: nil
        case .closed: nil
        }
    }
}
