// What a runner sees of one execution while it runs, and what may be said about one that could not.

public import Accounting
import Synchronization
public import WireFormat

/// An execution under way: what was granted, and a place to say what is known better than by a
/// watch.
public final class Execution: Sendable {
    public let account: String
    /// Its id, the time that it may take, its memory, and what the account has left.
    public let grant: AdmittedBody

    private let reported = Mutex<(duration: Duration?, outcome: Ending.Outcome?, memoryBytes: Int?)>(
        (nil, nil, nil))

    init(account: String, grant: AdmittedBody) {
        self.account = account
        self.grant = grant
    }

    /// The time that it may take. Its task is cancelled when that is over.
    public var granted: Duration { .milliseconds(grant.grantedMs) }

    /// Replaces what ``StintRunner`` would settle by itself. A runner knows better how long its
    /// worker lived and how that ended.
    /// - Parameters:
    ///   - duration: what it really ran; whole milliseconds count.
    ///   - outcome: how it really ended.
    ///   - memoryBytes: the most memory that it used.
    public func report(
        duration: Duration? = nil, outcome: Ending.Outcome? = nil, memoryBytes: Int? = nil
    ) {
        reported.withLock {
            $0.duration = duration ?? $0.duration
            $0.outcome = outcome ?? $0.outcome
            $0.memoryBytes = memoryBytes ?? $0.memoryBytes
        }
    }

    /// What it is settled with, given what was seen from outside.
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

/// What became of an ask to run something.
public enum ExecutionResult<Value: Sendable>: Sendable {
    /// It was admitted, and returned.
    case ran(Value)
    /// It does not fit the account's limits: `retryAfterMs` says when it would, and is nil when it
    /// never does.
    case denied(Problem)
}

/// Throw it from ``StintRunner/withExecution(account:_:whenUnavailable:_:)`` when what was admitted
/// could not be started: then no time is charged.
public struct NotStarted: Error, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
