// The authority of a request: the value of `Host`, of an absolute target, or of an `Origin` after
// its scheme.

/// `HOST` or `HOST:PORT` (RFC 9110, section 7.2).
public struct Authority: Equatable, Sendable {
    /// A name, an IPv4 address, or an IPv6 address in brackets; in lower case, perhaps empty.
    public let host: String
    /// Nil if there is none.
    public let port: Int?

    /// - Returns: nil for an invalid authority, such as one with a user, a path or a blank.
    public init?(_ text: some StringProtocol) {
        let bytes = text.utf8
        let isLiteral = bytes.first == UInt8(ascii: "[")
        let end =
            isLiteral
            ? bytes.firstIndex(of: UInt8(ascii: "]")).map { bytes.index(after: $0) }
            : bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
        guard let end else { return nil }
        let host = bytes[..<end]
        let isHost =
            isLiteral
            ? host.dropFirst().dropLast().allSatisfy(\.isLiteralByte) && host.count > 2
            : host.allSatisfy(\.isHostByte)
        guard isHost else { return nil }
        var digits = bytes[end...]
        if digits.popFirst() == nil {
            port = nil
        } else {
            guard bytes[end] == UInt8(ascii: ":"), digits.allSatisfy(\.isDigit), digits.count <= 5 else {
                return nil
            }
            // A colon without digits names no port.
            port = Int(String(decoding: digits, as: UTF8.self))
            if let port, port > 65_535 { return nil }
        }
        self.host = String(decoding: host, as: UTF8.self).lowercased()
    }

    /// Whether it certainly names this machine's loopback: `localhost`, `[::1]` or an address of
    /// 127.0.0.0/8 as four numbers. The owner of any other name can make it mean loopback to a
    /// browser.
    public var isLoopback: Bool {
        if host == "localhost" || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { $0.count <= 3 && UInt8($0) != nil && $0.utf8.allSatisfy(\.isDigit) }
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    /// Whether the byte is allowed in an address in brackets.
    fileprivate var isLiteralByte: Bool { isHostByte || self == UInt8(ascii: ":") }

    /// RFC 3986, section 3.2.2: unreserved characters, sub-delims and percent-encoding.
    fileprivate var isHostByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~%!$&'()*+,;=".utf8.contains(self)
        }
    }
}
