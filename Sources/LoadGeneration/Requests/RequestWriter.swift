// Writes requests as bytes, into memory that is reused.

import Accounting
import NIOCore
import WireFormat

/// One request of a load, and its state.
struct LoadRequest {
    enum Step {
        case peek
        case admit
        case settle
    }

    var step: Step
    /// The account's number.
    let account: Int
    /// The execution's number in its lane.
    let number: Int
    /// The execution's duration, in ms; for a settlement the reported one.
    var durationMs: Int
    /// When it was due, and when it was sent, in ns since the epoch.
    var dueNs: Int
    var sentNs = 0
    /// Whether it counts in the report.
    let isMeasured: Bool
    /// The offset of its row in the trace, in ms.
    var offsetMs = 0
    /// Whether its duration is unknown: then it asks for 0 ms.
    var isTimeless = false
    /// The grant, and when it was made by the ledger's clock, in ms.
    var grantedMs = 0
    var admittedAt = 0
    /// Whether the execution was stopped when its grant ended.
    var isStopped = false
}

/// Writes the requests of one lane.
struct RequestWriter {
    private let ask: LoadSettings.Ask
    private let kind: String?
    /// The prefix of the ids of this lane's executions, so that no two runs or lanes share an id.
    private let idPrefix: String
    var accounts: AccountNames
    private var body = JSONWriter(capacity: 256)
    private var out = ByteBuffer()

    init(_ settings: LoadSettings, idPrefix: String) {
        ask = settings.ask
        if case .recorded(let replay) = settings.pace { kind = replay.kind } else { kind = nil }
        accounts = AccountNames(settings.pace)
        self.idPrefix = idPrefix
    }

    func id(of request: LoadRequest) -> String { idPrefix + String(request.number, radix: 36) }

    func admission(_ request: LoadRequest) -> AdmitBody {
        let askedMs: Int? =
            switch ask {
            case _ where request.isTimeless: 0
            case .ceiling: nil
            case .drawn: request.durationMs
            case .fixed(let ms): ms
            }
        return AdmitBody(id: id(of: request), kind: kind, maxDurationMs: askedMs)
    }

    func settlement(_ request: LoadRequest) -> SettleBody {
        SettleBody(durationMs: request.durationMs, outcome: request.isStopped ? .timeout : nil)
    }

    /// - Parameters:
    ///   - request: the request.
    ///   - hostField: the lines between the request line and the fields of the body:
    ///     `Host: ...\r\n`, and a token.
    mutating func bytes(of request: LoadRequest, hostField: ByteBuffer) -> ByteBuffer {
        out.clear()
        out.writeStaticString(request.step == .peek ? "GET " : "POST ")
        out.writeStaticString(RunnerPath.accounts)
        out.writeString(accounts[request.account])
        body.removeAll()
        switch request.step {
        case .peek:
            out.writeStaticString(RunnerPath.limits)
        case .admit:
            out.writeStaticString(RunnerPath.executions)
            admission(request).write(to: &body)
        case .settle:
            out.writeStaticString(RunnerPath.executions)
            out.writeStaticString("/")
            out.writeString(id(of: request))
            out.writeStaticString(RunnerPath.settle)
            settlement(request).write(to: &body)
        }
        out.writeStaticString(" HTTP/1.1\r\n")
        out.writeImmutableBuffer(hostField)
        if request.step != .peek {
            out.writeStaticString("Content-Type: application/json\r\nContent-Length: ")
            out.writeString(String(body.bytes.count))
            out.writeStaticString("\r\n")
        }
        out.writeStaticString("\r\n")
        out.writeBytes(body.bytes)
        return out
    }
}
