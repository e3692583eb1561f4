// The route table of the data plane: three paths and their methods, and the parser of a path.

import Accounting
import NIOHTTP1
import WireFormat

enum Routes {
    /// A known path, and its methods as in `Allow`.
    private enum Endpoint {
        case admit, settle, peek

        var allow: StaticString { self == .peek ? "GET, HEAD" : "POST" }

        func takes(_ method: HTTPMethod) -> Bool {
            self == .peek ? method == .GET || method == .HEAD : method == .POST
        }
    }

    /// A part of a path, still percent-encoded.
    private typealias Segment = Slice<UnsafeBufferPointer<UInt8>>

    /// - Parameters:
    ///   - method: the request's method.
    ///   - path: with its query, without a fragment.
    /// - Throws: ``RequestError``: 404 for an unknown path, 405 for another method, 400 for an
    ///   invalid name.
    static func route(_ method: HTTPMethod, _ path: Substring) throws(RequestError) -> Route {
        var path = path
        let found = path.withUTF8 { bytes in
            Result { () throws(RequestError) in
                try route(method, path: bytes.prefix { $0 != UInt8(ascii: "?") })
            }
        }
        return try found.get()
    }

    /// - Parameters:
    ///   - method: the request's method.
    ///   - path: without its query.
    /// - Throws: ``RequestError``, as for a path with its query.
    static func route(_ method: HTTPMethod, path: Span<UInt8>) throws(RequestError) -> Route {
        try path.withUnsafeBufferPointer { bytes throws(RequestError) in try route(method, path: bytes[...]) }
    }

    private static func route(_ method: HTTPMethod, path: Segment) throws(RequestError) -> Route {
        guard path.begins(with: RunnerPath.accounts) else { throw .unknownRoute }
        let rest = path[(path.startIndex + RunnerPath.accounts.utf8CodeUnitCount)...]
        let slash = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        guard let (endpoint, id) = endpoint(after: rest[slash...]) else { throw .unknownRoute }
        guard endpoint.takes(method) else { throw .methodNotAllowed(allow: endpoint.allow) }
        guard let account = Account(try name(in: rest[..<slash])) else { throw .malformedAccount }
        switch endpoint {
        case .admit: return .admit(account)
        case .peek: return .peek(account)
        case .settle:
            guard let id = ExecutionID(try name(in: id)) else { throw .malformedID }
            return .settle(account, id)
        }
    }

    /// The table.
    private static func endpoint(after account: Segment) -> (Endpoint, id: Segment)? {
        let none = account[account.endIndex...]
        if account.equals(RunnerPath.executions) { return (.admit, none) }
        if account.equals(RunnerPath.limits) { return (.peek, none) }
        guard account.begins(with: RunnerPath.executions) else { return nil }
        let rest = account[(account.startIndex + RunnerPath.executions.utf8CodeUnitCount)...]
        guard rest.first == UInt8(ascii: "/") else { return nil }
        let id = rest[(rest.startIndex + 1)...]
        guard let slash = id.firstIndex(of: UInt8(ascii: "/")), id[slash...].equals(RunnerPath.settle) else {
            return nil
        }
        return (.settle, id[..<slash])
    }

    /// A segment, percent-decoded.
    private static func name(in segment: Segment) throws(RequestError) -> String {
        guard segment.contains(UInt8(ascii: "%")) else { return String(decoding: segment, as: UTF8.self) }
        var bytes: [UInt8] = []
        var index = segment.startIndex
        while index < segment.endIndex {
            if segment[index] == UInt8(ascii: "%") {
                guard index + 2 < segment.endIndex, let high = hexadecimal(segment[index + 1]),
                    let low = hexadecimal(segment[index + 2])
                else { throw .malformedEscape }
                bytes.append(high << 4 | low)
                index += 3
            } else {
                bytes.append(segment[index])
                index += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension Slice<UnsafeBufferPointer<UInt8>> {
    fileprivate func begins(with text: StaticString) -> Bool {
        text.withUTF8Buffer { count >= $0.count && prefix($0.count).elementsEqual($0) }
    }

    fileprivate func equals(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { elementsEqual($0) }
    }
}
