// A running Stint from outside: a process, two addresses, a log.

import AsyncHTTPClient
import Foundation
import Glibc
import NIOCore
import NIOHTTP1
import StintClient
import TestServers
import WireFormat

struct Stint: Sendable {
    let child: ChildProcess
    let runnerPort: Int
    let adminPort: Int
    let client: RunnerClient
    private let logFile: String
    private let http: HTTPClient

    /// Starts one in a workplace of its own, by default with an embedded Redis and the built-in
    /// plan.
    /// - Parameter plans: the text of a plan file.
    static func serving<Result>(
        _ arguments: [String] = [], plans: String? = nil, isolation: isolated (any Actor)? = #isolation,
        _ body: (Stint, Workplace) async throws -> Result
    ) async throws -> Result {
        try await Workplace.open { place in
            let plans = try plans.map { ["--plans", try place.write($0, to: "plans.yaml")] } ?? []
            return try await body(try await place.start(plans + arguments), place)
        }
    }

    /// Reads the addresses from the one line that says where it serves.
    init(_ child: ChildProcess, log: String, http: HTTPClient) throws {
        let announcement = contents(of: log).split(separator: "\n").last { $0.hasSuffix("stint serves") }
        guard
            let found = announcement?.firstMatch(
                of: /admin=127\.0\.0\.1:(\d+) .* runners=127\.0\.0\.1:(\d+)/),
            let admin = Int(found.output.1), let runner = Int(found.output.2)
        else { throw Unexpected("no addresses in: \(announcement ?? "")") }
        self.child = child
        self.http = http
        logFile = log
        adminPort = admin
        runnerPort = runner
        client = RunnerClient(.url("http://127.0.0.1:\(runner)"), http: http)
    }

    var log: String { contents(of: logFile) }

    /// Asks the admin API.
    func admin(_ path: String) async throws -> (status: Int, body: String) {
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(adminPort)\(path)")
        let response = try await http.execute(request, timeout: .seconds(5))
        let body = try await response.body.collect(upTo: 1 << 20)
        return (Int(response.status.code), String(buffer: body))
    }

    /// Waits until it has ended.
    func ending() async throws -> ChildProcess.Ending? {
        try await eventually("stint has ended", within: Workplace.timeout) { !child.isRunning }
        return child.ending
    }
}

extension RunnerReply {
    /// What a 2xx brought.
    var accepted: Body {
        get throws {
            guard case .accepted(let body) = outcome else { throw Unexpected("\(status): \(outcome)") }
            return body
        }
    }

    /// What anything else brought.
    var problem: Problem {
        get throws {
            guard case .problem(let problem) = outcome else { throw Unexpected("\(status): \(outcome)") }
            return problem
        }
    }
}

extension RunnerClient {
    /// What counts against the limit of that name. A busy machine may miss a deadline; then it is
    /// asked again.
    func used(of limit: String, by account: String) async throws -> Int {
        var reply = try await peek(account: account)
        try await eventually("\(account) can be peeked at", within: Workplace.timeout) {
            if reply.status == 503 { reply = try await peek(account: account) }
            return reply.status != 503
        }
        let standing = try reply.accepted
        guard let policy = standing.policies.first(where: { $0.name == limit }) else {
            throw Unexpected("no limit called \(limit) in \(standing)")
        }
        return policy.used
    }
}
