// The transitions of a connection's state: each event gives a new state and an action. They begin
// with `switch consume self`, so that a transition without a new state does not compile.

extension ConnectionState {
    // MARK: Requests arrive

    /// The channel is open.
    mutating func opens(at tick: Int) {
        update(otherwise: ()) { intake, _ in
            intake.idleSince = tick
            return ((), isLast: false)
        }
    }

    /// - Returns: whether to decode the bytes.
    mutating func bytesArrive(at tick: Int) -> Bool {
        update(otherwise: false) { intake, _ in
            intake.queue.isBusy = true
            intake.begin(at: tick)
            return (true, isLast: false)
        }
    }

    /// Bytes of an incomplete request are left after decoding.
    mutating func bytesRemain(at tick: Int) {
        update(otherwise: ()) { intake, _ in
            intake.begin(at: tick)
            return ((), isLast: false)
        }
    }

    /// The head of a request has come, perhaps in one read with the end of the previous request.
    /// - Returns: whether the request gets a place at the end of the queue.
    mutating func headArrives(at tick: Int) -> Bool {
        update(otherwise: false) { intake, _ in
            intake.begin(at: tick)
            intake.arrival?.isQueued = true
            intake.queue.length += 1
            return (true, isLast: false)
        }
    }

    /// The request that arrives is complete, or its rest is not needed.
    /// - Parameter isLast: whether no other request may follow.
    mutating func requestEnds(isLast: Bool) -> Action {
        update(otherwise: .none) { intake, pause in
            intake.end(isNew: false, isLast: isLast, isStalled: pause.isStalled)
        }
    }

    /// A complete request has come, and gets a place at the end of the queue.
    /// - Parameter isLast: whether no other request may follow.
    mutating func wholeRequestArrives(isLast: Bool) -> Action {
        update(otherwise: .none) { intake, pause in
            intake.end(isNew: true, isLast: isLast, isStalled: pause.isStalled)
        }
    }

    /// The bytes are not a request, or the request must end here.
    /// - Returns: ``Action/fail(isQueued:)`` if an error can still be sent.
    mutating func fail() -> Action {
        update(otherwise: .none) { intake, _ in (intake.fail(), isLast: true) }
    }

    /// The connection accepts no request after the one that has begun.
    mutating func drains() {
        update(otherwise: ()) { intake, _ in ((), isLast: intake.drain()) }
    }

    /// Changes the intake, in the states that have one.
    /// - Parameters:
    ///   - otherwise: the result in the other states.
    ///   - change: returns a result, and whether the last request has come.
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

    /// The client has closed its sending half.
    /// - Returns: ``Action/fail(isQueued:)`` in the middle of a request.
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

    /// All written bytes are sent. First the sending half is closed, then the rest when the client
    /// has closed its half. Closing both at once would reset the connection if the client still
    /// sends, and the client might lose the reply.
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

    /// A reply, or something else that ``next(_:unsentBytes:at:)`` reads, may have changed.
    /// - Returns: ``Action/advance``, unless it was returned before or is not needed.
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

    /// The next action: start requests, then write every reply whose turn it is with one flush, and
    /// when nothing is left of either, leave or read on.
    /// - Parameters:
    ///   - first: what the first request of the queue waits for.
    ///   - unsentBytes: bytes of replies that were written and not flushed.
    ///   - tick: the time.
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
            // The pause does not count against the request that arrives.
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

    // MARK: Back pressure and time

    /// The channel asks for a read.
    /// - Returns: ``Action/read``; or ``Action/none``, and the read waits until there is room.
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

    /// The client has stopped to read its replies, or reads them again.
    /// - Parameters:
    ///   - isWritable: whether the client reads its replies.
    ///   - tick: the time.
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

    /// Checks the timeouts. Called once a tick.
    /// - Returns: ``Action/fail(isQueued:)`` if a request does not arrive in time, ``Action/close``
    ///   if the client sends no request, does not read, or does not close.
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
