// Parses the requests of a load, and answers them like a service that admits everything.

import Accounting
import NIOCore
import Testing
import WireFormat

struct Request {
    let text: String
    let method: String
    let path: String
    let body: String

    /// Takes the first whole request out of `bytes`; nil when it is not all there.
    init?(from bytes: inout ByteBuffer) {
        let text = String(buffer: bytes)
        guard let headEnd = text.firstRange(of: "\r\n\r\n") else { return nil }
        let head = text[..<headEnd.lowerBound]
        let length = head.firstMatch(of: /\r\nContent-Length: (\d+)/).flatMap { Int($0.output.1) } ?? 0
        let count = text[..<headEnd.upperBound].utf8.count + length
        guard bytes.readableBytes >= count, let whole = bytes.readString(length: count) else { return nil }
        let words = head.split(separator: " ", maxSplits: 2)
        self.text = whole
        method = String(words[0])
        path = String(words[1])
        body = String(whole.suffix(length))
    }

    var isPeek: Bool { method == "GET" }
    var isSettlement: Bool { path.hasSuffix("/settle") }

    /// `load-7`
    var account: String { String(path.split(separator: "/")[2]) }

    /// The execution's id.
    var id: String {
        get throws {
            isSettlement
                ? String(path.split(separator: "/")[4]) : try #require(try AdmitBody(json: body.utf8).id)
        }
    }

    /// What a service says that never denies.
    /// - Parameters:
    ///   - grantedMs: of every execution.
    ///   - admittedAt: ms since 1970.
    func reply(grantedMs: Int = 10_000, admittedAt: Int = 1_770_000_000_000) throws -> String {
        let limits = LimitsObject(executionsRemaining: 6_000, timeRemaining: 600_000)
        if isPeek {
            let body = StandingBody(
                account: account, plan: "serverless", policies: Self.policies, limits: limits)
            return Self.reply(200, body.json)
        }
        guard isSettlement else {
            let body = AdmittedBody(
                id: try id, grantedMs: grantedMs, deadline: admittedAt + grantedMs, limits: limits)
            return Self.reply(201, body.json)
        }
        let usedMs = try SettleBody(json: body.utf8).durationMs
        let body = SettledBody(
            id: try id, chargedMs: usedMs, returnedMs: max(0, grantedMs - usedMs), overrunMs: 0,
            limits: limits)
        return Self.reply(200, body.json)
    }

    /// What every peek shows.
    private static let policies = [
        PolicyStanding(
            name: "execution-time", meter: .executionTime, amount: 600_000, used: 0, remaining: 600_000,
            windowMs: 60_000),
        PolicyStanding(
            name: "executions", meter: .executions, amount: 6_000, used: 0, remaining: 6_000, windowMs: 60_000
        ),
    ]

    static func denial() -> String {
        let problem = Problem(.quotaExceeded, detail: "no time left", violatedPolicies: ["execution-time"])
        return reply(429, problem.json)
    }

    static func reply(_ status: Int, _ body: [UInt8] = [], fields: String = "") -> String {
        "HTTP/1.1 \(status) Words\r\n\(fields)Content-Length: \(body.count)\r\n\r\n"
            + String(decoding: body, as: UTF8.self)
    }
}
