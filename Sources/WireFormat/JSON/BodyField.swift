// Every field of every body, in one list: its meaning, unit, bounds and an example. Server and
// clients read and write by this list. `FieldRule` checks the bounds; `docs/API.md` repeats the
// list for people.

import Accounting

/// A member of a request body, a reply body or a problem.
///
/// Two rules hold for all of them. `null` in place of an optional field means that it is absent. A
/// member that is not in this list is skipped, after a check that it is JSON, so that either side
/// may be newer.
public enum BodyField: UInt8, CaseIterable, Sendable {
    // MARK: An execution

    /// The execution's id: 1 to 64 bytes of `A-Z a-z 0-9 . _ -`, unique within its account. Asking
    /// again with the same id charges nothing. The service makes one if it is absent.
    /// `"id":"run-1f0a"`
    case id
    /// The function that is run, for logs and statistics: 1 to 256 bytes of UTF-8 without control
    /// characters (U+0000 to U+001F, U+007F to U+009F). `"function":"thumbnails/resize"`
    case function
    /// The sort of execution, to which the plan gives ceilings: 1 to 64 bytes of `A-Z a-z 0-9 . _
    /// -`; `function` if absent. `"kind":"workflow-action"`
    case kind
    /// The longest time that the execution may take: 0 to 2,678,400,000 ms (31 days). This is the
    /// execution time asked for; the kind's ceiling if absent. `"maxDurationMs":10000`
    case maxDurationMs
    /// The minimum grant: 0 to 2,678,400,000 ms, at most `maxDurationMs`; the plan's minimum if
    /// absent. `"minDurationMs":250`
    case minDurationMs
    /// The size of the input: 0 to 2^53-1 bytes. Compared with the kind's ceiling, not charged.
    /// `"payloadBytes":512`
    case payloadBytes
    /// Settlement: how long the execution took, 0 to 2,678,400,000 ms. Required. `"durationMs":84`
    case durationMs
    /// Settlement: how it ended, one of `ok`, `error`, `timeout`, `not-started`. `"outcome":"ok"`
    case outcome
    /// Settlement: the peak memory. Admission: the memory that it may use. 0 to 2^53-1 bytes.
    /// `"memoryBytes":134217728`
    case memoryBytes

    // MARK: Replies

    /// The execution time charged, which is how long the runner may let it run: 0 to 2^53-1 ms.
    /// `"grantedMs":10000`
    case grantedMs
    /// When the grant ends on the ledger's clock: ms since 1970-01-01T00:00Z. Absent only if
    /// `degraded` without `overUse`. `"deadline":1770000010000`
    case deadline
    /// Present and true if the ledger could not be asked and the plan admits then.
    /// `"degraded":true`
    case degraded
    /// With `degraded`, if the plan admits a share of its limits then: the most that the process
    /// which replied may be over by, an object of the next two fields.
    /// `"overUse":{"executions":600,"executionTimeMs":60000}`
    case overUse
    /// Executions beyond the limits: a count, 0 to 2^53-1; null if no limit counts executions.
    case executions
    /// Execution time beyond the limits: 0 to 2^53-1 ms; null if no limit measures it.
    case executionTimeMs
    /// The execution time charged after settlement: 0 to 2^53-1 ms. `"chargedMs":84`
    case chargedMs
    /// The unused part of the grant, which is available again: 0 to 2^53-1 ms. `"returnedMs":9916`
    case returnedMs
    /// The time used beyond the grant, which is charged too: 0 to 2^53-1 ms. `"overrunMs":0`
    case overrunMs
    /// What is left of the account's limits: an object of the next two fields.
    /// `"limits":{"executionsRemaining":5999,"timeRemaining":590000}`
    case limits
    /// Executions that still fit: a count, 0 to 2^53-1; null if no limit counts executions.
    case executionsRemaining
    /// Execution time that still fits: 0 to 2^53-1 **ms**; null if no limit measures it.
    case timeRemaining
    /// How long a poller of this account should wait before its next call: 0 to 2,678,400,000 ms
    /// (31 days); 0 while plenty is left. Absent if `degraded` without `overUse`.
    /// `"suggestedIntervalMs":0`
    case suggestedIntervalMs

    // MARK: Standing

    /// The account's name: 1 to 128 bytes of `A-Z a-z 0-9 . _ : @ -`. `"account":"acme:prod"`
    case account
    /// The name of the account's plan: 1 to 64 bytes of `A-Z a-z 0-9 . _ -`. `"plan":"serverless"`
    case plan
    /// The plan's limits: an array of objects of the next six fields.
    case policies
    /// The limit's name: 1 to 64 bytes of `A-Z a-z 0-9 . _ -`. `"name":"executions"`
    case name
    /// What the limit measures, one of `executions` (a count), `execution-time` (ms).
    /// `"meter":"executions"`
    case meter
    /// The most that fits within one window: 0 to 2^53-1, in the meter's unit. `"amount":6000`
    case amount
    /// The charges that count now: 0 to 2^53-1, in the meter's unit; above `amount` after an
    /// over-run. `"used":12`
    case used
    /// `amount` minus `used`, or 0 if that is negative. `"remaining":5988`
    case remaining
    /// The window's length: 1,000 to 2,678,400,000 ms (1 s to 31 days). `"windowMs":60000`
    case windowMs

    // MARK: Problems (RFC 9457)

    /// The problem type's URI, one of ``ProblemType``. Required.
    /// `"type":"urn:stint:problem:execution-not-held"`
    case type
    /// The problem type in a few words, the same every time. `"title":"Quota Exceeded"`
    case title
    /// The HTTP status code, repeated: 100 to 599. `"status":429`
    case status
    /// What happened this time, for people: up to 4,096 bytes of UTF-8. It may quote what a client
    /// sent, including control characters. `"detail":"10000 ms asked, 0 ms left in the last 60 s"`
    case detail
    /// Names of the limits that the ask does not fit, in the plan's order.
    /// `"violated-policies":["execution-time"]`
    case violatedPolicies
    /// The earliest time until the same ask fits if nothing else is charged or settled: 1 to 2^53-1
    /// ms (more than a window only if the ledger's clock was set back). Absent if the ask never
    /// fits, or if the time is unknown. `"retryAfterMs":6412`
    case retryAfterMs
    /// The invalid field, by its name in this list. `"field":"maxDurationMs"`
    case field

    // MARK: History

    /// The question, one of `admit`, `settle`, `peek`. `"question":"admit"`
    case question
    /// When the request was sent: ms since 1970-01-01T00:00Z on the client's clock.
    /// `"sentAt":1770000000000`
    case sentAt
    /// When the reply was complete, or the client gave up: ms since 1970-01-01T00:00Z on the
    /// client's clock. `"answeredAt":1770000000003`
    case answeredAt
    /// The request's body. `"request":{"durationMs":84}`
    case request
    /// The reply's body; absent if there was none. `"reply":{"id":"run-1f0a"}`
    case reply

    /// The member's name in JSON.
    public var name: StaticString {
        switch self {
        case .id: "id"
        case .function: "function"
        case .kind: "kind"
        case .maxDurationMs: "maxDurationMs"
        case .minDurationMs: "minDurationMs"
        case .payloadBytes: "payloadBytes"
        case .durationMs: "durationMs"
        case .outcome: "outcome"
        case .memoryBytes: "memoryBytes"
        case .grantedMs: "grantedMs"
        case .deadline: "deadline"
        case .degraded: "degraded"
        case .overUse: "overUse"
        case .executions: "executions"
        case .executionTimeMs: "executionTimeMs"
        case .chargedMs: "chargedMs"
        case .returnedMs: "returnedMs"
        case .overrunMs: "overrunMs"
        case .limits: "limits"
        case .executionsRemaining: "executionsRemaining"
        case .timeRemaining: "timeRemaining"
        case .suggestedIntervalMs: "suggestedIntervalMs"
        case .account: "account"
        case .plan: "plan"
        case .policies: "policies"
        case .name: "name"
        case .meter: "meter"
        case .amount: "amount"
        case .used: "used"
        case .remaining: "remaining"
        case .windowMs: "windowMs"
        case .type: "type"
        case .title: "title"
        case .status: "status"
        case .detail: "detail"
        case .violatedPolicies: "violated-policies"
        case .retryAfterMs: "retryAfterMs"
        case .field: "field"
        case .question: "question"
        case .sentAt: "sentAt"
        case .answeredAt: "answeredAt"
        case .request: "request"
        case .reply: "reply"
        }
    }

    private static let outcomes = Ending.Outcome.allCases.map(\.rawValue)
    private static let meters = Meter.allCases.map(\.rawValue)

    /// The rule of its value.
    public var rule: FieldRule {
        switch self {
        case .id, .kind, .plan, .name: .name(.identifier)
        case .account: .name(.account)
        case .function: .text(minimumBytes: 1, maximumBytes: 256)
        case .type, .title, .field: .text(minimumBytes: 1, maximumBytes: 256)
        case .detail: .prose(maximumBytes: 4096)
        case .maxDurationMs, .minDurationMs, .durationMs, .suggestedIntervalMs:
            .integer(Bounds.durationMs, unit: "ms")
        case .windowMs: .integer(Bounds.windowMs, unit: "ms")
        case .retryAfterMs: .integer(1...FieldRule.largest, unit: "ms")
        case .grantedMs, .deadline, .chargedMs, .returnedMs, .overrunMs, .timeRemaining, .executionTimeMs,
            .sentAt, .answeredAt:
            .integer(0...FieldRule.largest, unit: "ms")
        case .payloadBytes, .memoryBytes: .integer(Bounds.bytes, unit: "bytes")
        case .executionsRemaining, .executions, .amount, .used, .remaining:
            .integer(0...FieldRule.largest, unit: nil)
        case .status: .integer(100...599, unit: nil)
        case .outcome: .word(Self.outcomes)
        case .meter: .word(Self.meters)
        case .degraded: .boolean
        case .question: .word(["admit", "settle", "peek"])
        case .limits, .overUse, .request, .reply: .object
        case .policies, .violatedPolicies: .array
        }
    }
}
