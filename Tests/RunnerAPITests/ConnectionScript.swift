// A connection without a channel: a test reports events and gets the actions of the state.

@testable import RunnerAPI

/// Carries the actions out on a queue of replies that are there, or not yet.
final class ConnectionScript {
    typealias Action = ConnectionState.Action

    private var state = ConnectionState(at: 0)
    /// What each request waits for.
    private var queue: [ConnectionState.FirstReply] = []
    private var unsentBytes = 0
    private(set) var tick = 0

    /// Of every reply.
    var replyBytes = 100

    var acceptsRequests: Bool { state.acceptsRequests }
    var isReceiving: Bool { state.isReceiving }
    var isBetweenRequests: Bool { state.isBetweenRequests }
    var restsSince: Int? { state.restsSince }

    // MARK: What arrives

    /// - Returns: whether they are decoded.
    func bytes() -> Bool { state.bytesArrive(at: tick) }

    func bytesRemain() { state.bytesRemain(at: tick) }

    /// - Returns: whether it is taken.
    func head(owesContinue: Bool = false) -> Bool {
        guard state.headArrives(at: tick) else { return false }
        queue.append(owesContinue ? .owesContinue : .pending)
        return true
    }

    func end(isLast: Bool = false) -> [Action] { list(state.requestEnds(isLast: isLast)) }

    /// A request that comes whole.
    func request(isLast: Bool = false) -> [Action] {
        queue.append(.pending)
        return list(state.wholeRequestArrives(isLast: isLast))
    }

    // MARK: What else happens

    /// The reply to the request at this place is there.
    func answer(_ place: Int = 0, closes: Bool = false) -> [Action] {
        queue[place] = .ready(closes: closes)
        return list(state.changes())
    }

    func fail() -> [Action] { failed(state.fail()) }

    func drain() -> [Action] {
        state.drains()
        return list(state.changes())
    }

    func endInput() -> [Action] {
        let action = state.inputEnds()
        return action == .none ? list(state.changes()) : failed(action)
    }

    func writability(_ isWritable: Bool) -> [Action] {
        state.writabilityChanges(isWritable, at: tick)
        return list(state.changes())
    }

    func read() -> [Action] { list(state.readIsAsked()) }

    func sent() -> [Action] { list(state.lastReplyIsSent()) }

    func closed() { state.closes() }

    /// Some ticks go by.
    func wait(_ ticks: Int, _ timeouts: Timeouts) -> [Action] {
        for _ in 0..<ticks {
            tick += 1
            let actions = failed(state.check(at: tick, timeouts))
            if !actions.isEmpty { return actions }
        }
        return []
    }

    /// Everything that is to be done now.
    func advance() -> [Action] {
        var actions: [Action] = []
        while true {
            let action = state.next(queue.first ?? .pending, unsentBytes: unsentBytes, at: tick)
            switch action {
            case .none: return actions
            case .write:
                queue.removeFirst()
                unsentBytes += replyBytes
            case .writeContinue:
                queue[0] = .pending
                unsentBytes += 25
            case .flush: unsentBytes = 0
            default: break
            }
            actions.append(action)
        }
    }

    // MARK: Parts

    private func list(_ action: Action) -> [Action] { action == .none ? [] : [action] }

    /// An error is an answer that is known at once.
    private func failed(_ action: Action) -> [Action] {
        guard case .fail(let isQueued) = action else { return list(action) }
        if isQueued { queue.removeLast() }
        queue.append(.ready(closes: true))
        return [action] + list(state.changes())
    }
}
