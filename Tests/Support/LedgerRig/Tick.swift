// The questions of one tick, and what their sinks received.

public import Accounting
import NIOCore
import Synchronization

/// What one sink heard.
public struct Received: Sendable {
    public let result: Result<Answer, LedgerError>
    /// 0 for the first of its tick that heard, 1 for the second, and so on.
    public let order: Int
    /// How long after the question was put.
    public let after: Duration

    public var answer: Answer? {
        if case .success(let answer) = result { answer } else { nil }
    }
    public var isNotApplied: Bool {
        if case .failure(.notApplied) = result { true } else { false }
    }
    public var isUnknown: Bool {
        if case .failure(.outcomeUnknown) = result { true } else { false }
    }
}

public final class Tick: Sendable {
    private struct State {
        var received: [Received?]
        var times: [Int]
        var count = 0
    }

    private let began = ContinuousClock.now
    private let state: Mutex<State>
    private let isWhole: EventLoopPromise<Void>

    init(count: Int, loop: any EventLoop) {
        state = Mutex(
            State(received: Array(repeating: nil, count: count), times: Array(repeating: 0, count: count)))
        isWhole = loop.makePromise()
        if count == 0 { isWhole.succeed() }
    }

    var timesHeard: [Int] { state.withLock { $0.times } }

    /// What all sinks heard, in the order of the questions.
    public func received() async throws -> [Received] {
        try await isWhole.futureResult.get()
        return state.withLock { $0.received.compactMap(\.self) }
    }

    func receive(_ result: Result<Answer, LedgerError>, index: Int) {
        let isLast = state.withLock { state in
            state.times[index] += 1
            guard state.times[index] == 1 else { return false }
            state.received[index] = Received(
                result: result, order: state.count, after: ContinuousClock.now - began)
            state.count += 1
            return state.count == state.received.count
        }
        if isLast { isWhole.succeed() }
    }
}

/// The sink of one question.
final class Listener: AnswerSink {
    private let tick: Tick
    private let index: Int

    init(tick: Tick, index: Int) {
        self.tick = tick
        self.index = index
    }

    func receive(_ answer: Result<Answer, LedgerError>) { tick.receive(answer, index: index) }
}
