// What a connection may do, as a value: events go in, actions come out. It knows neither channels
// nor bytes nor HTTP, and time is a parameter, so that a test is a transcript. `Connection` tells
// it the events and carries out the actions.

/// Where a connection is between its first byte and its last.
///
/// Requests wait in a queue for their replies, in the order in which they came. They are started
/// in that order too, at most ``maximumInFlight`` ahead of the replies. Times are in ticks.
enum ConnectionState: ~Copyable {
    /// Requests are read and started. To `waiting` (as many wait as may, or the client does not
    /// read its replies), `draining` (the last request has come), `closed`.
    case reading(Intake)
    /// Nothing is read. What has been read before arrives all the same, but that is less than one
    /// read's worth of bytes. To `reading`, `draining`, `closed`.
    case waiting(Intake, Pause)
    /// The last request has come, and its reply has not been written. What follows is not looked
    /// at. To `leaving`, `closed`.
    case draining(Queue, Pause, inputHasEnded: Bool)
    /// The last reply has been written. To `closed`.
    case leaving(Farewell)
    /// The channel is closed, and nothing is to be done.
    case closed

    /// Requests whose replies have not left.
    static let maximumInFlight = 32
    /// Bytes of replies after which they are sent before more are made.
    static let maximumBatchBytes = 65_536

    /// What is to be done.
    enum Action: Equatable {
        case none
        /// Call ``next(_:unsentBytes:at:)`` soon, until it returns ``none``.
        case advance
        /// Start the request at this place in the queue.
        case start(Int)
        /// Write the first reply and take its request from the queue.
        case write(isLast: Bool)
        /// Tell the client to send the body of the first request.
        case writeContinue
        /// Send what was written.
        case flush
        case read
        /// Answer with an error: the request that arrives, which is in the queue, or else a new
        /// one behind all others. It is the last.
        case fail(isQueued: Bool)
        /// Call ``lastReplyIsSent()`` when all that was written is sent.
        case finish
        /// Close the sending half.
        case closeOutput
        /// At once and without another word.
        case close
    }

    /// What the first request of the queue waits for.
    enum FirstReply: Equatable {
        case pending
        /// The client is to be told to send the body.
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
        /// All of them, with the one that arrives.
        var length = 0
        /// The first so many have been started.
        var started = 0
        /// ``next(_:unsentBytes:at:)`` is being called or sure to be.
        var isBusy = false

        /// Starts the next request if it may be.
        /// - Parameter complete: how many requests have come to their end.
        mutating func start(of complete: Int, isStalled: Bool) -> Action {
            guard started < min(complete, maximumInFlight), !isStalled else { return .none }
            started += 1
            return .start(started - 1)
        }

        /// First what may be started, then one batch of replies, over and over.
        /// - Parameters:
        ///   - complete: how many requests have come to their end.
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

        /// - Returns: ``Action/advance`` unless that is known already.
        mutating func change() -> Action {
            guard !isBusy else { return .none }
            isBusy = true
            return .advance
        }
    }

    /// A request that is not complete.
    struct Arrival: Equatable {
        /// When its first byte came, or when reading went on after a pause in the midst of it.
        var since: Int
        /// Its head has come.
        var isQueued = false
        /// No request is taken after it.
        var isLast = false
    }

    /// What is known while requests are taken.
    struct Intake: Equatable {
        var queue = Queue()
        var arrival: Arrival?
        /// When the connection was opened, or replies were sent last.
        var idleSince: Int

        /// The head of a request has come, and its end has not.
        var isReceiving: Bool { arrival?.isQueued == true }

        /// The requests that have come to their end.
        var complete: Int { isReceiving ? queue.length - 1 : queue.length }

        var restsSince: Int? { queue.length == 0 && arrival == nil ? idleSince : nil }

        /// The first byte of a request, unless that came before.
        mutating func begin(at tick: Int) {
            if arrival == nil { arrival = Arrival(since: tick) }
        }

        /// A request is complete, and is started if it may be.
        /// - Parameters:
        ///   - isNew: whether it came whole and has no place in the queue yet.
        ///   - isLast: whether it says that no other follows.
        mutating func end(isNew: Bool, isLast: Bool, isStalled: Bool) -> (Action, isLast: Bool) {
            if isNew { queue.length += 1 }
            let isLast = isLast || arrival?.isLast == true
            arrival = nil
            return (queue.start(of: queue.length, isStalled: isStalled), isLast)
        }

        /// What arrives is to be answered with an error.
        mutating func fail() -> Action {
            if !isReceiving { queue.length += 1 }
            return .fail(isQueued: isReceiving)
        }

        /// No request is to be taken after the one that arrives.
        /// - Returns: whether the last has come.
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
        /// Since when the client does not read.
        var stalledSince: Int?
        /// A read that was asked for and put off.
        var readIsHeld = false

        var isStalled: Bool { stalledSince != nil }

        func isOver(for queue: Queue) -> Bool { !isStalled && queue.length < maximumInFlight }
    }

    /// What is known once the last reply has been written.
    struct Farewell: Equatable {
        let since: Int
        /// A read that was put off before.
        var readIsHeld: Bool
        /// The client sends nothing any more.
        var inputHasEnded: Bool
        /// The last reply has been sent.
        var isSent = false
    }
}

// MARK: What is asked of the state

extension ConnectionState {
    /// False once the last request has come.
    var acceptsRequests: Bool { intake != nil }

    /// The head of a request has come, and its end has not.
    var isReceiving: Bool { intake?.isReceiving == true }

    /// All that came before belongs to requests that are complete.
    var isBetweenRequests: Bool { intake?.arrival == nil }

    /// Since when nothing is asked here; nil while something is, and when the last request has
    /// come.
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
