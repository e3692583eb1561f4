// The two ports for tests of HTTP: what to request from each if only the protocol matters.

import TestServers
import Testing

enum HTTPPort: String, CaseIterable, CustomTestStringConvertible {
    case runner, admin

    var testDescription: String { "the \(rawValue) port" }

    func number(of stint: Stint) -> Int { self == .runner ? stint.runnerPort : stint.adminPort }

    /// Answered 200 to GET.
    var path: String { self == .runner ? "/v1/accounts/acme/limits" : "/v1/plans/serverless" }

    /// Takes JSON and neither GET nor HEAD.
    var target: (method: String, path: String, json: String, status: Int) {
        switch self {
        case .runner: ("POST", "/v1/accounts/acme/executions", #"{"maxDurationMs":1}"#, 201)
        case .admin: ("PUT", "/v1/default-plan", #"{"plan":"serverless"}"#, 200)
        }
    }

    // MARK: Requests

    /// - Parameter fields: whole lines with their ends.
    func get(
        _ fields: String = "", method: String = "GET", path: String? = nil, host: String? = "localhost",
        version: String = "HTTP/1.1"
    ) -> String {
        "\(method) \(path ?? self.path) \(version)\r\n\(host.map { "Host: \($0)\r\n" } ?? "")\(fields)\r\n"
    }

    /// The head of a request with a body in JSON.
    func head(
        _ fields: String, path: String? = nil, host: String? = "localhost", version: String = "HTTP/1.1"
    ) -> String {
        get(
            "Content-Type: application/json\r\n" + fields, method: target.method, path: path ?? target.path,
            host: host, version: version)
    }

    /// A whole request with a body.
    func put(_ fields: String = "", host: String? = "localhost", version: String = "HTTP/1.1") -> String {
        head("Content-Length: \(target.json.utf8.count)\r\n\(fields)", host: host, version: version)
            + target.json
    }

    /// A whole request with a body in two chunks.
    func chunked(_ fields: String = "", extension: String = "", trailers: String = "") -> String {
        let (first, rest) = (target.json.prefix(3), target.json.dropFirst(3))
        return head("Transfer-Encoding: chunked\r\n\(fields)") + "3\(`extension`)\r\n\(first)\r\n"
            + "\(String(rest.utf8.count, radix: 16))\r\n\(rest)\r\n0\r\n\(trailers)\r\n"
    }
}

/// One exchange: bytes, and what must come of them.
struct HTTPExchange: CustomStringConvertible {
    let description: String
    /// Sent in these pieces.
    let pieces: [String]
    /// Of the replies, in their order; 100 among them.
    let statuses: [Int]
    /// The last reply says so, and the connection is closed; nil: either is right.
    var closes: Bool?
    /// The replies have no content.
    var isToHead = false
    /// The client sends nothing after the last piece.
    var ends = false

    init(
        _ description: String, _ pieces: String..., gives statuses: Int..., closes: Bool? = false,
        isToHead: Bool = false, ends: Bool = false
    ) {
        self.description = description
        self.pieces = pieces
        self.statuses = statuses
        self.closes = closes
        self.isToHead = isToHead
        self.ends = ends
    }

    /// Sends it on a connection of its own; a connection that must stay answers another request.
    func run(at port: HTTPPort, of stint: Stint) async throws {
        try await RawConnection.open(port: port.number(of: stint)) { connection in
            var replies: [String] = []
            for (index, piece) in pieces.enumerated() {
                try await connection.send(piece)
                // Every piece but the last has a reply of its own.
                if index < pieces.count - 1 { replies.append(try await connection.reply(isToHead: isToHead)) }
            }
            if ends { connection.endInput() }
            while replies.count < statuses.count {
                replies.append(try await connection.reply(isToHead: isToHead))
            }
            #expect(replies.map(Self.status) == statuses, "\(port) \(description): \(replies)")
            let last = replies.last ?? ""
            if statuses.last ?? 0 >= 400, !isToHead {
                #expect(
                    last.contains("Content-Type: application/problem+json\r\n"),
                    "\(port) \(description): \(last)")
            }
            guard let closes else { return }
            guard !closes else {
                #expect(last.contains("\r\nConnection: close\r\n"), "\(port) \(description): \(last)")
                #expect(try await connection.rest() == "", "\(port) \(description)")
                return
            }
            #expect(!last.contains("\r\nConnection: close\r\n"), "\(port) \(description): \(last)")
            // A client of HTTP/1.0 takes it for closed unless it is told.
            if pieces.last?.contains(" HTTP/1.0\r\n") == true {
                #expect(last.contains("\r\nConnection: keep-alive\r\n"), "\(port) \(description): \(last)")
            }
            try await connection.send(port.get())
            #expect(Self.status(try await connection.reply()) == 200, "\(port) \(description): afterwards")
        }
    }

    private static func status(_ reply: String) -> Int {
        Int(reply.dropFirst("HTTP/1.1 ".count).prefix(3)) ?? 0
    }
}
