// What a runner written in Swift does with Stint: whole executions, admitted with repetitions that
// are safe, and settled whatever becomes of them. ``RunnerClient`` is one question and one reply;
// this is how a runner asks.

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
/// What got no answer, or a 503, is asked again after a jittered pause, a bounded number of times
/// and with the same id, so nothing is charged twice. Settlements are sent in the background; while
/// Stint is away they wait, bounded in number and in age. What is dropped stays charged with its
/// grant until it leaves the window.
public struct StintRunner: Sendable {
    /// How often and how long a runner tries.
    public struct Settings: Sendable {
        /// How often an admission is asked for at most while nobody answers; at least 1.
        public var attempts = 3
        /// Between two attempts, at most. The pauses begin at up to 100 ms.
        public var longestPause: Duration = .milliseconds(400)
        /// Settlements that wait at most; beyond that the oldest is dropped. At least 1.
        public var maximumUnsettled = 10_000
        /// How long a settlement is tried.
        public var settleFor: Duration = .seconds(3_600)
        /// How long ``StintRunner/withRunner(_:settings:isolation:_:)`` waits at its end for
        /// settlements.
        public var drainFor: Duration = .seconds(5)

        public init() {}
    }

    private enum Admission {
        /// It was admitted at most that long before the reply was here.
        case granted(AdmittedBody, age: Duration)
        case denied(Problem)
    }

    private let client: RunnerClient
    private let settings: Settings
    private let settlements: Settlements

    /// Gives `body` a runner; at the end what is unsettled is settled, if Stint answers within
    /// `settings.drainFor`.
    /// - Parameters:
    ///   - client: its deadline holds for each attempt.
    ///   - settings: how often and how long it tries.
    ///   - isolation: where `body` runs; the caller's unless said otherwise.
    ///   - body: what runs executions. The runner is of no use after it.
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

    /// Settlements that wait.
    public var unsettled: Int { settlements.count }
    /// Settlements that were given up since the beginning.
    public var dropped: Int { settlements.dropped }

    /// Admits an execution, runs `body` and settles, whatever becomes of `body`: `ok` when it
    /// returns, `error` when it throws, `timeout` when the granted time was over first,
    /// `not-started` when it throws ``NotStarted``.
    ///
    /// When the granted time is over, the task of `body` is cancelled; it must end then, for what
    /// it takes until it does is charged too.
    ///
    /// - Parameters:
    ///   - account: whose quota it is charged to.
    ///   - ask: without an id it gets one.
    ///   - whenUnavailable: when nobody can be asked, run that long, uncounted, instead of throwing
    ///     ``/WireFormat/StintError/unavailable(id:reason:)``. The grant says `degraded` then.
    ///   - body: what is run.
    /// - Returns: what `body` returned, or the denial.
    /// - Throws: ``/WireFormat/StintError``, ``/WireFormat/InvalidRequest`` for what can never be
    ///   sent and so is no outage, or what `body` throws.
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
                throw StintError.unavailable(id: id, reason: "the answer came when the grant was over")
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

    /// Asks until there is an answer.
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

    // MARK: Meanwhile and afterwards

    private enum Step<Value: Sendable>: Sendable {
        case ended(Result<Value, any Error>)
        case overdue
        /// Nobody waits for the deadline any more.
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
            account: execution.account, isSure: execution.grant.degraded != true)
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
