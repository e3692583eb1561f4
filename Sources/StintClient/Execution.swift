// One execution while it runs, its result, and the error for one that could not be started.

public import Accounting
import Synchronization
public import WireFormat

/// A running execution: its grant, and a way to report what the worker has measured itself.
public final class Execution: Sendable {
    public let account: String
    /// Its id, the granted time, its memory, and what the account has left.
    public let grant: AdmittedBody

    private let reported = Mutex<(duration: Duration?, outcome: Ending.Outcome?, memoryBytes: Int?)>(
        (nil, nil, nil))

    init(account: String, grant: AdmittedBody) {
        self.account = account
        self.grant = grant
    }

    /// The granted time. The task is cancelled when it is over.
    public var granted: Duration { .milliseconds(grant.grantedMs) }

    /// Replaces what ``StintRunner`` would settle by itself, because a worker knows better how long
    /// it ran and how it ended.
    /// - Parameters:
    ///   - duration: how long it ran, in whole milliseconds; nil: no change.
    ///   - outcome: how it ended; nil: no change.
    ///   - memoryBytes: the most memory that it used; nil: no change.
    public func report(
        duration: Duration? = nil, outcome: Ending.Outcome? = nil, memoryBytes: Int? = nil
    ) {
        reported.withLock {
            $0.duration = duration ?? $0.duration
            $0.outcome = outcome ?? $0.outcome
            $0.memoryBytes = memoryBytes ?? $0.memoryBytes
        }
    }

    /// The body of its settlement, from the reported values or else the measured ones.
    func settlement(duration: Duration, outcome: Ending.Outcome) -> SettleBody {
        reported.withLock {
            let outcome = $0.outcome ?? outcome
            let measured = outcome == .notStarted ? .zero : duration
            return SettleBody(
                durationMs: max(0, Int(($0.duration ?? measured) / .milliseconds(1))), outcome: outcome,
                memoryBytes: $0.memoryBytes)
        }
    }
}

/// The result of a request to run something.
public enum ExecutionResult<Value: Sendable>: Sendable {
    /// It was admitted, and returned a value.
    case ran(Value)
    /// It does not fit the account's limits. `retryAfterMs` says when it would; nil: it never fits.
    case denied(Problem)
}

/// The error to throw in ``StintRunner/withExecution(account:_:whenUnavailable:_:)`` if the
/// admitted function could not be started: then no time is charged.
public struct NotStarted: Error, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
