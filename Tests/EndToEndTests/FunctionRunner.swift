// The function runner of Examples/ as its callers see it: a process of Node, an address, a log.

import AsyncHTTPClient
import Checkout
import Foundation
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import TestServers
import Testing

struct FunctionRunner: Sendable {
    struct Reply: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: String

        /// A member of a JSON body.
        subscript(name: String) -> Any? {
            let value = try? JSONSerialization.jsonObject(with: Data(body.utf8), options: .fragmentsAllowed)
            return (value as? [String: Any])?[name]
        }

        var executionID: String { headers.first(name: "X-Execution-Id") ?? "" }
        var retryAfter: Int? { headers.first(name: "Retry-After").flatMap { Int($0) } }
    }

    /// A path below the repository's root.
    static func repository(_ path: String) -> String {
        Checkout.root.appending(path: path).path
    }

    static let samples = repository("Examples/function-runner/samples.functions")
    static let program = ["node", repository("Examples/function-runner/runner.mjs")]

    let child: ChildProcess
    private let url: String
    private let logFile: String
    private let http: HTTPClient

    var log: String { contents(of: logFile) }

    /// Starts one for the account `acme`, gives it to `body` and stops it with SIGTERM, which it
    /// must obey.
    /// - Parameters:
    ///   - folder: of functions; the samples unless given.
    ///   - arguments: win over those that are
    ///     given here.
    static func serving<Result>(
        _ stint: Stint, _ place: Workplace, folder: String = samples, _ arguments: [String] = [],
        isolation: isolated (any Actor)? = #isolation, _ body: (FunctionRunner) async throws -> Result
    ) async throws -> Result {
        let addresses = [
            "--stint", "http://127.0.0.1:\(stint.runnerPort)", "--admin",
            "http://127.0.0.1:\(stint.adminPort)",
        ]
        return try await serving(place, folder: folder, addresses + arguments, body)
    }

    /// The same, with a Stint that only the arguments name.
    static func serving<Result>(
        _ place: Workplace, folder: String = samples, _ arguments: [String],
        isolation: isolated (any Actor)? = #isolation, _ body: (FunctionRunner) async throws -> Result
    ) async throws -> Result {
        let name = UUID().uuidString
        let secrets = try place.write(#"{"SESSION_KEY":"of a test","OTHER":"another"}"#, to: "\(name).json")
        chmod(secrets, 0o600)
        let log = place.file("\(name).log")
        let own = ["--account", "acme", "--listen", "127.0.0.1:0", "--secrets", secrets]
        let child = try ChildProcess(program + [folder] + own + arguments, log: log)
        // A redirect is a reply like any other.
        let http = HTTPClient(
            eventLoopGroup: .singletonMultiThreadedEventLoopGroup,
            configuration: .init(redirectConfiguration: .disallow))
        do {
            let runner = try await FunctionRunner(child, log: log, http: http)
            let result = try await body(runner)
            child.send(SIGTERM)
            try await eventually("the runner has stopped", within: Workplace.timeout) { !child.isRunning }
            if child.ending != .killed(by: SIGKILL) {
                #expect(child.ending == .exited(0), "the runner: \(runner.log)")
            }
            try await http.shutdown()
            return result
        } catch {
            child.stop()
            try await http.shutdown()
            throw error
        }
    }

    private init(_ child: ChildProcess, log: String, http: HTTPClient) async throws {
        try await eventually("the runner serves", within: Workplace.timeout) {
            guard child.isRunning else { throw Unexpected("the runner ended: \(contents(of: log))") }
            return contents(of: log).contains(/serves http:\S+\n/)
        }
        guard let found = contents(of: log).firstMatch(of: /serves (http:\S+)\n/) else {
            throw Unexpected("no address in \(contents(of: log))")
        }
        self.child = child
        self.http = http
        url = String(found.output.1)
        logFile = log
    }

    /// Whatever there is at a path.
    func ask(
        _ path: String, _ method: HTTPMethod = .GET, headers: HTTPHeaders = [:], body: [UInt8]? = nil
    ) async throws -> Reply {
        var request = HTTPClientRequest(url: url + path)
        request.method = method
        request.headers = headers
        if let body { request.body = .bytes(body) }
        let response = try await http.execute(request, timeout: .seconds(60))
        let bytes = try await response.body.collect(upTo: 16 << 20)
        return Reply(
            status: Int(response.status.code), headers: response.headers, body: String(buffer: bytes))
    }

    /// A call of an endpoint, with a JSON body where there is one.
    func call(
        _ endpoint: String, _ query: String = "", method: HTTPMethod? = nil, json: String? = nil,
        headers: HTTPHeaders = [:]
    ) async throws -> Reply {
        var headers = headers
        if json != nil { headers.add(name: "Content-Type", value: "application/json; charset=utf-8") }
        return try await ask(
            "/_hcms/api/\(endpoint)?portalid=acme\(query)", method ?? (json == nil ? .GET : .POST),
            headers: headers, body: json.map { Array($0.utf8) })
    }

    /// Settlements that wait.
    var unsettled: Int {
        get async throws { try await ask("/_status")["unsettled"] as? Int ?? -1 }
    }
}
