// Whole executions for runners in Swift: admitted with safe repetitions, and settled even if they
// fail. ``RunnerClient`` sends one request and returns one reply; this file builds on it.

import Accounting
public import WireFormat

/// Runs executions under an account's quota.
///
/// ```swift
/// let client = RunnerClient(.url("http://127.0.0.1:7400"), http: http, deadline: .seconds(1))
/// try await StintRunner.withRunner(client) { runner in
///     let ask = AdmitBody(function: "thumbnails/resize", maxDurationMs: 2_000)
///     let result = try await runner.withExecution(account: "acme", ask) { execution in
///         try await resize(image, within: execution.granted)
///     }
///     switch result {
///     case .ran(let thumbnail): print(thumbnail)
///     case .denied(let problem): print("again in \(problem.retryAfterMs ?? 0) ms")
///     }
/// }
/// ```
///
/// A request with a 503 or without an answer is repeated after a jittered pause, a bounded number
/// of times and with the same id, so nothing is charged twice. Settlements are sent in the
/// background. While Stint does not answer they wait, bounded in number and in age. An execution
/// whose settlement is dropped stays charged with its grant until it leaves the window.
public struct StintRunner: Sendable {
    /// How often and how long a runner tries.
    public struct Settings: Sendable {
        /// The most attempts of an admission without an answer; at least 1.
        public var attempts = 3
        /// The longest pause between two attempts. The first pause is at most 100 ms.
        public var longestPause: Duration = .milliseconds(400)
        /// The most settlements that wait, at least 1. Beyond that the oldest is dropped.
        public var maximumUnsettled = 10_000
        /// How long a settlement is repeated before it is dropped.
        public var settleFor: Duration = .seconds(3_600)
        /// How long ``StintRunner/withRunner(_:settings:isolation:_:)`` waits for settlements at
        /// its end.
        public var drainFor: Duration = .seconds(5)

        public init() {}
    }

    private enum Admission {
        /// It was admitted at most `age` before its reply came.
        case granted(AdmittedBody, age: Duration)
        case denied(Problem)
    }

    private let client: RunnerClient
    private let settings: Settings
    private let settlements: Settlements

    /// Calls `body` with a runner. At the end it sends the waiting settlements, if Stint answers
    /// within `settings.drainFor`.
    /// - Parameters:
    ///   - client: sends the requests. Its deadline applies to each attempt.
    ///   - settings: how often and how long to try.
    ///   - isolation: where `body` runs; by default the caller's isolation.
    ///   - body: runs executions. Do not use the runner after it.
    /// - Returns: the result of `body`.
    public static func withRunner<Result>(
        _ client: RunnerClient, settings: Settings = Settings(),
        isolation: isolated (any Actor)? = #isolation,
        _ body: (StintRunner) async throws -> Result
    ) async throws -> Result {
        let settlements = Settlements(bound: settings.maximumUnsettled, timeout: settings.settleFor)
        let sender = Task { await settlements.send(through: client) }
        do {
            let result = try await body(
                StintRunner(client: client, settings: settings, settlements: settlements))
            await end(sender, of: settlements, within: settings.drainFor)
            return result
        } catch {
            await end(sender, of: settlements, within: settings.drainFor)
            throw error
        }
    }

    private static func end(
        _ sender: Task<Void, Never>, of settlements: Settlements, within limit: Duration
    ) async {
        settlements.finish()
        let timeout = Task {
            try await Task.sleep(for: limit)
            sender.cancel()
        }
        await sender.value
        timeout.cancel()
    }

    /// The number of settlements that wait.
    public var unsettled: Int { settlements.count }
    /// The number of settlements that were dropped.
    public var dropped: Int { settlements.dropped }

    /// Admits an execution, runs `body`, and always settles: `ok` if `body` returns, `error` if it
    /// throws, `timeout` if the granted time was over first, `not-started` if it throws
    /// ``NotStarted``.
    ///
    /// When the granted time is over, the task of `body` is cancelled. `body` must then end,
    /// because the time until its end is charged too.
    ///
    /// - Parameters:
    ///   - account: the account to charge.
    ///   - ask: the request; it gets an id if it has none.
    ///   - whenUnavailable: if Stint does not answer, run for at most this time, uncounted, instead
    ///     of throwing ``/WireFormat/StintError/unavailable(id:reason:)``. The grant is then
    ///     `degraded`.
    ///   - body: the execution.
    /// - Returns: the value of `body`, or the denial.
    /// - Throws: ``/WireFormat/StintError``, ``/WireFormat/InvalidRequest`` if the request can
    ///   never be sent, or the error of `body`.
    public func withExecution<Value: Sendable>(
        account: String, _ ask: AdmitBody = AdmitBody(), whenUnavailable: Duration? = nil,
        _ body: @escaping @Sendable (Execution) async throws -> Value
    ) async throws -> ExecutionResult<Value> {
        var ask = ask
        let id = ask.id ?? Self.newID()
        ask.id = id
        switch try await admission(ask, id: id, account: account, whenUnavailable: whenUnavailable) {
        case .denied(let problem): return .denied(problem)
        case .granted(let grant, let age):
            guard age < .milliseconds(grant.grantedMs) || grant.grantedMs == 0 else {
                settle(id, of: account, .notStarted)
                throw StintError.unavailable(id: id, reason: "the answer came after the end of the grant")
            }
            return .ran(try await run(Execution(account: account, grant: grant), body))
        }
    }

    // MARK: Before

    private func admission(
        _ ask: AdmitBody, id: String, account: String, whenUnavailable: Duration?
    ) async throws -> Admission {
        do {
            return try await admission(ask, id: id, account: account)
        } catch StintError.unavailable(let id, let reason) {
            guard let whenUnavailable else {
                settle(id, of: account, .notStarted, isSure: false)
                throw StintError.unavailable(id: id, reason: reason)
            }
            let grant = AdmittedBody(
                id: id, grantedMs: Int(whenUnavailable / .milliseconds(1)), deadline: nil, degraded: true)
            return .granted(grant, age: .zero)
        }
    }

    /// Repeats the request until there is an answer.
    private func admission(_ ask: AdmitBody, id: String, account: String) async throws -> Admission {
        let first = ContinuousClock.now
        var reason = ""
        for attempt in 1...max(1, settings.attempts) {
            if attempt > 1 { try await pause(before: attempt, id: id, account: account) }
            let sent = ContinuousClock.now
            do {
                let reply = try await client.admit(ask, account: account)
                switch reply.outcome {
                case .accepted(let grant):
                    // 200: one of the earlier attempts was admitted.
                    return .granted(grant, age: (reply.status == 200 ? first : sent).duration(to: .now))
                case .problem(let problem) where problem.type == .quotaExceeded: return .denied(problem)
                case .problem(let problem) where reply.status != 503: throw StintError.rejected(problem)
                case .problem(let problem): reason = problem.detail
                }
            } catch let rejected as StintError {
                throw rejected
            } catch let invalid as InvalidRequest {
                throw invalid
            } catch {
                reason = "\(error)"
            }
        }
        throw StintError.unavailable(id: id, reason: reason)
    }

    private func pause(before attempt: Int, id: String, account: String) async throws {
        let longest = min(settings.longestPause, .milliseconds(50) * (1 << min(attempt - 1, 10)))
        do {
            try await Task.sleep(for: longest * Double.random(in: 0...1))
        } catch {
            settle(id, of: account, .notStarted, isSure: false)
            throw error
        }
    }

    /// 128 random bits.
    private static func newID() -> String {
        let bits = (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 16) }
        return bits.joined(separator: "-")
    }

    // MARK: Run and settle

    private enum Step<Value: Sendable>: Sendable {
        case ended(Result<Value, any Error>)
        case overdue
        /// The deadline was cancelled.
        case released
    }

    private func run<Value: Sendable>(
        _ execution: Execution, _ body: @escaping @Sendable (Execution) async throws -> Value
    ) async throws -> Value {
        let began = ContinuousClock.now
        var (isOverdue, result) = (false, Result<Value, any Error>.failure(CancellationError()))
        await withTaskGroup(of: Step<Value>.self) { group in
            group.addTask {
                do { return .ended(.success(try await body(execution))) } catch {
                    return .ended(.failure(error))
                }
            }
            group.addTask {
                do { try await Task.sleep(for: execution.granted) } catch { return .released }
                return .overdue
            }
            for await step in group {
                switch step {
                case .ended(let value): result = value
                case .overdue: isOverdue = true
                case .released: continue
                }
                group.cancelAll()
            }
        }
        let duration = began.duration(to: .now)
        let outcome = Self.outcome(result, isOverdue: isOverdue)
        settlements.add(
            execution.settlement(duration: duration, outcome: outcome), id: execution.grant.id,
            account: execution.account, isSure: !execution.grant.degraded || execution.grant.overUse != nil)
        return try result.get()
    }

    private static func outcome<Value>(
        _ result: Result<Value, any Error>, isOverdue: Bool
    ) -> Ending.Outcome {
        switch result {
        case .failure(let error) where error is NotStarted: .notStarted
        case _ where isOverdue: .timeout
        case .success: .ok
        case .failure: .error
        }
    }

    private func settle(
        _ id: String, of account: String, _ outcome: Ending.Outcome, isSure: Bool = true
    ) {
        settlements.add(SettleBody(durationMs: 0, outcome: outcome), id: id, account: account, isSure: isSure)
    }
}
