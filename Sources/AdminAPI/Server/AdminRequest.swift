// One request to the control plane, as its routes see it: segments, query and body, each with a
// problem that names it if it is invalid.

import Accounting
import ControlStore
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import WireFormat

struct AdminRequest: Sendable {
    /// The most bytes of a body.
    static let maximumBodyBytes = 65_536

    let request: Request
    let context: AdminRoutes.Context

    init(_ request: Request, _ context: AdminRoutes.Context) {
        self.request = request
        self.context = context
    }

    // MARK: The path

    /// A segment of the path, percent-decoded.
    func segment(_ name: String) throws -> String {
        let raw = try context.parameters.require(name)
        guard let text = raw.removingPercentEncoding else {
            throw Problem(.malformedParameter, detail: "\(name): invalid percent-encoding")
        }
        return text
    }

    var account: Account {
        get throws {
            guard let account = Account(try segment("account")) else {
                throw Problem(.malformedAccount, detail: "an account must be \(Account.rule)")
            }
            return account
        }
    }

    // MARK: The query

    /// Rejects unknown and duplicate parameters.
    func query(_ known: String...) throws -> AdminQuery {
        guard request.uri.query.map({ $0.removingPercentEncoding != nil }) ?? true else {
            throw Problem(.malformedParameter, detail: "invalid percent-encoding in the query")
        }
        var values: [String: String] = [:]
        for (name, value) in request.uri.queryParameters {
            let name = String(name)
            guard known.contains(name) else {
                let list =
                    known.isEmpty ? "this path has none" : "known: " + known.joined(separator: ", ")
                throw Problem(.malformedParameter, detail: "\(name): unknown parameter; \(list)")
            }
            guard values.updateValue(String(value), forKey: name) == nil else {
                throw Problem(.malformedParameter, detail: "\(name): duplicate parameter")
            }
        }
        return AdminQuery(values: values)
    }

    // MARK: The body

    /// The complete body as text, with the checks of ``optionalJSON()``.
    func json() async throws -> String {
        guard let text = try await optionalJSON() else {
            throw Problem(.malformedJSON, detail: "the body is missing")
        }
        return text
    }

    /// The body as text; nil without one. Its length, its `Content-Type` and UTF-8 are checked.
    func optionalJSON() async throws -> String? {
        let bytes: ByteBuffer
        context.channel.triggerUserOutboundEvent(AdminConnection.BodyIsWanted(), promise: nil)
        do {
            bytes = try await request.body.collect(upTo: Self.maximumBodyBytes)
        } catch is NIOTooManyBytesError {
            throw Problem(.bodyTooLarge, detail: "the body must be at most \(Self.maximumBodyBytes) bytes")
        }
        if bytes.readableBytes == 0 { return nil }
        guard let type = request.headers[.contentType].flatMap(MediaType.init(from:)),
            type.isType(.applicationJson)
        else { throw Problem(.unsupportedMediaType, detail: "Content-Type must be application/json") }
        guard let text = String(validating: bytes.readableBytesView, as: UTF8.self) else {
            throw Problem(.malformedJSON, detail: "the body is not UTF-8")
        }
        return text
    }

    /// The decoded body. A strict `Body` rejects unknown members; others ignore them.
    func body<Body: Decodable>(_: Body.Type) async throws -> Body {
        let text = try await json()
        do {
            return try JSONDecoder().decode(Body.self, from: Data(text.utf8))
        } catch let error as DecodingError {
            throw Problem(error)
        }
    }

    // MARK: The actor and the precondition

    /// Who makes a change, for the audit log: the token's name, else `X-Stint-Actor`, 1 to 64 bytes
    /// of visible ASCII.
    var actor: String {
        get throws {
            if let caller = context.caller { return caller }
            guard let name = request.headers[.init("X-Stint-Actor")!] else { return "anonymous" }
            guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
            else {
                throw Problem(
                    .malformedParameter, detail: "X-Stint-Actor: must be 1 to 64 visible ASCII bytes")
            }
            return name
        }
    }

    /// The condition of a change, from `If-Match` and `If-None-Match`.
    var precondition: Precondition {
        get throws {
            let match = request.headers[.ifMatch]
            let noneMatch = request.headers[.ifNoneMatch]
            switch (match, noneMatch) {
            case (nil, nil): return .none
            case (nil, "*"): return .isAbsent
            case ("*", nil): return .isPresent
            case (let tag?, nil):
                guard let revision = EntityTag.revision(in: tag) else {
                    throw Problem(.preconditionFailed, detail: "If-Match: \(tag) is not an ETag of Stint")
                }
                return .isRevision(revision)
            default:
                throw Problem(
                    .malformedParameter, detail: "give If-Match: \"<revision>\" or *, or If-None-Match: *")
            }
        }
    }
}

/// The parameters of a query, each at most once.
struct AdminQuery: Sendable {
    private let values: [String: String]

    init(values: [String: String]) { self.values = values }

    /// - Returns: nil if it is missing. An empty one is rejected.
    func text(_ name: String, maximumBytes: Int = 256) throws -> String? {
        guard let value = values[name] else { return nil }
        guard (1...maximumBytes).contains(value.utf8.count) else {
            throw Problem(.malformedParameter, detail: "\(name): must be 1 to \(maximumBytes) bytes")
        }
        return value
    }

    /// - Returns: nil if it is missing.
    func text(_ name: String, rule: FieldRule) throws -> String? {
        guard let value = values[name] else { return nil }
        guard rule.allows(value) else {
            throw Problem(.malformedParameter, detail: "\(name): must be \(rule)")
        }
        return value
    }

    func integer(_ name: String, in bound: ClosedRange<Int>) throws -> Int? {
        guard let value = values[name] else { return nil }
        guard let number = Int(value), bound.contains(number), value.utf8.first != UInt8(ascii: "+") else {
            throw Problem(
                .malformedParameter,
                detail: "\(name): must be a whole number, \(bound.lowerBound) to \(bound.upperBound)")
        }
        return number
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ name: String) throws -> Choice? {
        guard let value = values[name] else { return nil }
        guard let choice = Choice(rawValue: value) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem(.malformedParameter, detail: "\(name): must be one of \(known)")
        }
        return choice
    }

    /// The most rows of a page: 1 to 1,000, 100 by default.
    func limit() throws -> Int { try integer("limit", in: 1...1_000) ?? 100 }
}
