// The transitions: what each event makes of a connection's state, and what is to be done then. They
// begin with `switch consume self`, so that one that forgets the new state does not compile.

extension ConnectionState {
    // MARK: Requests arrive

    /// The channel is open.
    mutating func opens(at tick: Int) {
        update(otherwise: ()) { intake, _ in
            intake.idleSince = tick
            return ((), isLast: false)
        }
    }

    /// - Returns: whether the bytes are to be decoded.
    mutating func bytesArrive(at tick: Int) -> Bool {
        update(otherwise: false) { intake, _ in
            intake.queue.isBusy = true
            intake.begin(at: tick)
            return (true, isLast: false)
        }
    }

    /// After all that could be decoded, the beginning of another request is left.
    mutating func bytesRemain(at tick: Int) {
        update(otherwise: ()) { intake, _ in
            intake.begin(at: tick)
            return ((), isLast: false)
        }
    }

    /// The head of a request, perhaps in one piece with the end of the request before it.
    /// - Returns: whether it gets a place at the end of the queue.
    mutating func headArrives(at tick: Int) -> Bool {
        update(otherwise: false) { intake, _ in
            intake.begin(at: tick)
            intake.arrival?.isQueued = true
            intake.queue.length += 1
            return (true, isLast: false)
        }
    }

    /// The request that arrives is complete, or the rest of it is of no interest.
    /// - Parameter isLast: whether no other may follow.
    mutating func requestEnds(isLast: Bool) -> Action {
        update(otherwise: .none) { intake, pause in
            intake.end(isNew: false, isLast: isLast, isStalled: pause.isStalled)
        }
    }

    /// A request came whole, and gets a place at the end of the queue.
    /// - Parameter isLast: whether no other may follow.
    mutating func wholeRequestArrives(isLast: Bool) -> Action {
        update(otherwise: .none) { intake, pause in
            intake.end(isNew: true, isLast: isLast, isStalled: pause.isStalled)
        }
    }

    /// What arrives is no request, or one that must not go on.
    /// - Returns: ``Action/fail(isQueued:)``, if that may still be said.
    mutating func fail() -> Action {
        update(otherwise: .none) { intake, _ in (intake.fail(), isLast: true) }
    }

    /// No request is to be taken any more but the one that has begun.
    mutating func drains() {
        update(otherwise: ()) { intake, _ in ((), isLast: intake.drain()) }
    }

    /// Changes what is known while requests are taken.
    /// - Parameters:
    ///   - otherwise: what is returned when none are taken any more.
    ///   - change: returns whether the last request has come.
    @discardableResult
    private mutating func update<Value>(
        otherwise: Value, _ change: (inout Intake, Pause) -> (Value, isLast: Bool)
    ) -> Value {
        switch consume self {
        case .reading(var intake):
            let (value, isLast) = change(&intake, Pause())
            self = .after(intake, Pause(), isLast: isLast)
            return value
        case .waiting(var intake, let pause):
            let (value, isLast) = change(&intake, pause)
            self = isLast ? .after(intake, pause, isLast: true) : .waiting(intake, pause)
            return value
        case .draining(let queue, let pause, let inputHasEnded):
            self = .draining(queue, pause, inputHasEnded: inputHasEnded)
        case .leaving(let farewell): self = .leaving(farewell)
        case .closed: self = .closed
        }
        return otherwise
    }

    private static func after(_ intake: Intake, _ pause: Pause, isLast: Bool) -> ConnectionState {
        if isLast { return .draining(intake.queue, pause, inputHasEnded: false) }
        return pause.isOver(for: intake.queue) ? .reading(intake) : .waiting(intake, pause)
    }

    // MARK: The end

    /// The client sends nothing any more.
    /// - Returns: ``Action/fail(isQueued:)`` in the midst of a request.
    mutating func inputEnds() -> Action {
        switch consume self {
        case .reading(var intake):
            let action = intake.isReceiving ? intake.fail() : .none
            self = .draining(intake.queue, Pause(), inputHasEnded: true)
            return action
        case .waiting(var intake, let pause):
            let action = intake.isReceiving ? intake.fail() : .none
            self = .draining(intake.queue, pause, inputHasEnded: true)
            return action
        case .draining(let queue, let pause, _):
            self = .draining(queue, pause, inputHasEnded: true)
            return .none
        case .leaving(var farewell):
            farewell.inputHasEnded = true
            self = .leaving(farewell)
            return farewell.isSent ? .close : .none
        case .closed:
            self = .closed
            return .none
        }
    }

    /// All that was written is sent. The sending half is closed, and the rest when the client has
    /// closed its own. Closing both at once would reset the connection if the client still sends,
    /// and it might lose the reply.
    mutating func lastReplyIsSent() -> Action {
        switch consume self {
        case .reading(let intake): self = .reading(intake)
        case .waiting(let intake, let pause): self = .waiting(intake, pause)
        case .draining(let queue, let pause, let inputHasEnded):
            self = .draining(queue, pause, inputHasEnded: inputHasEnded)
        case .leaving(var farewell):
            farewell.isSent = true
            self = .leaving(farewell)
            return farewell.inputHasEnded ? .close : .closeOutput
        case .closed: self = .closed
        }
        return .none
    }

    /// The channel is closed.
    mutating func closes() { self = .closed }

    // MARK: Replies leave

    /// A reply, or something else that ``next(_:unsentBytes:at:)`` looks at, may be there.
    /// - Returns: ``Action/advance``, unless that was returned before or is not needed.
    mutating func changes() -> Action {
        var action = Action.none
        switch consume self {
        case .reading(var intake):
            action = intake.queue.change()
            self = .reading(intake)
        case .waiting(var intake, let pause):
            action = intake.queue.change()
            self = .waiting(intake, pause)
        case .draining(var queue, let pause, let inputHasEnded):
            action = queue.change()
            self = .draining(queue, pause, inputHasEnded: inputHasEnded)
        case .leaving(let farewell): self = .leaving(farewell)
        case .closed: self = .closed
        }
        return action
    }

    /// What is to be done next: start what may be started, write every reply whose turn it is with
    /// one flush, and when there is no more of either, leave or read on.
    /// - Parameters:
    ///   - first: what the first request of the queue waits for.
    ///   - unsentBytes: of replies that were written and not flushed.
    mutating func next(_ first: FirstReply, unsentBytes: Int, at tick: Int) -> Action {
        switch consume self {
        case .reading(var intake):
            let action = intake.next(first, unsentBytes: unsentBytes, isStalled: false, at: tick)
            self = .reading(intake)
            return action
        case .waiting(var intake, let pause):
            let action = intake.next(first, unsentBytes: unsentBytes, isStalled: pause.isStalled, at: tick)
            guard case .none = action, pause.isOver(for: intake.queue) else {
                self = .waiting(intake, pause)
                return action
            }
            // What was not read meanwhile is not late.
            if pause.readIsHeld { intake.arrival?.since = tick }
            self = .reading(intake)
            return pause.readIsHeld ? .read : .none
        case .draining(var queue, var pause, let inputHasEnded):
            var action = queue.next(
                first, unsentBytes: unsentBytes, complete: queue.length, isStalled: pause.isStalled,
                isLastKnown: true)
            if case .none = action, queue.length == 0 {
                let held = pause.readIsHeld
                self = .leaving(Farewell(since: tick, readIsHeld: held, inputHasEnded: inputHasEnded))
                return .finish
            }
            if case .none = action, pause.readIsHeld, pause.isOver(for: queue) {
                pause.readIsHeld = false
                action = .read
            }
            self = .draining(queue, pause, inputHasEnded: inputHasEnded)
            return action
        case .leaving(var farewell):
            let action = farewell.readIsHeld ? Action.read : .none
            farewell.readIsHeld = false
            self = .leaving(farewell)
            return action
        case .closed:
            self = .closed
            return .none
        }
    }

    // MARK: How much, how long

    /// The channel asks for a read.
    /// - Returns: ``Action/read``, or nothing: then the read is put off until there is room.
    mutating func readIsAsked() -> Action {
        var action = Action.read
        switch consume self {
        case .reading(let intake): self = .reading(intake)
        case .waiting(let intake, var pause):
            pause.readIsHeld = true
            action = .none
            self = .waiting(intake, pause)
        case .draining(let queue, var pause, let inputHasEnded):
            if !pause.isOver(for: queue) {
                pause.readIsHeld = true
                action = .none
            }
            self = .draining(queue, pause, inputHasEnded: inputHasEnded)
        case .leaving(let farewell): self = .leaving(farewell)
        case .closed: self = .closed
        }
        return action
    }

    /// - Parameter isWritable: whether the client reads its replies.
    mutating func writabilityChanges(_ isWritable: Bool, at tick: Int) {
        switch consume self {
        case .reading(let intake):
            self = isWritable ? .reading(intake) : .waiting(intake, Pause(stalledSince: tick))
        case .waiting(let intake, var pause):
            pause.stalledSince = isWritable ? nil : pause.stalledSince ?? tick
            self = .waiting(intake, pause)
        case .draining(let queue, var pause, let inputHasEnded):
            pause.stalledSince = isWritable ? nil : pause.stalledSince ?? tick
            self = .draining(queue, pause, inputHasEnded: inputHasEnded)
        case .leaving(let farewell): self = .leaving(farewell)
        case .closed: self = .closed
        }
    }

    /// Ends what takes too long; called once a tick.
    /// - Returns: ``Action/fail(isQueued:)`` when a request does not arrive in time,
    ///   ``Action/close`` when the client asks nothing, does not read, or does not close.
    mutating func check(at tick: Int, _ timeouts: Timeouts) -> Action {
        func isOver(_ limit: Int, since start: Int?) -> Bool { start.map { tick - $0 > limit } ?? false }
        switch consume self {
        case .reading(var intake):
            if isOver(timeouts.receiving, since: intake.arrival?.since) {
                let action = intake.fail()
                self = .draining(intake.queue, Pause(), inputHasEnded: false)
                return action
            }
            self = .reading(intake)
            return isOver(timeouts.idle, since: intake.restsSince) ? .close : .none
        case .waiting(let intake, let pause):
            self = .waiting(intake, pause)
            return isOver(timeouts.stalled, since: pause.stalledSince) ? .close : .none
        case .draining(let queue, let pause, let inputHasEnded):
            self = .draining(queue, pause, inputHasEnded: inputHasEnded)
            return isOver(timeouts.stalled, since: pause.stalledSince) ? .close : .none
        case .leaving(let farewell):
            self = .leaving(farewell)
            return isOver(timeouts.leaving, since: farewell.since) ? .close : .none
        case .closed:
            self = .closed
            return .none
        }
    }
}
