// The target of a request in its two forms that name a path (RFC 9112, section 3.2).

/// `/path?query`, or the same after a scheme and an authority, as clients of a proxy send it.
public struct RequestTarget {
    /// The authority, which replaces `Host`; nil unless the target is absolute.
    public let authority: Substring?
    /// The target from the path's slash on; a target of neither form, such as `*`, unchanged.
    public let path: Substring

    /// - Parameter text: the target of a request line. A fragment, which no client should send, is
    ///   removed.
    public init(_ text: String) {
        let text = text.utf8.firstIndex(of: UInt8(ascii: "#")).map { text[..<$0] } ?? text[...]
        guard text.utf8.first != UInt8(ascii: "/"), let rest = Self.afterScheme(text) else {
            authority = nil
            path = text
            return
        }
        let end = rest.utf8.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        authority = rest[..<end]
        let tail = rest[end...]
        path = tail.utf8.first == UInt8(ascii: "/") ? tail : "/\(tail)"
    }

    /// Accepts both schemes on every connection: a proxy that ends TLS passes on the target that it
    /// got.
    private static func afterScheme(_ text: Substring) -> Substring? {
        for scheme in ["http://", "https://"] {
            let start = text.utf8.prefix(scheme.utf8.count)
            if start.elementsEqual(scheme.utf8, by: { $0 == $1 || $0 | 0x20 == $1 && $1.isLetter }) {
                return text[start.endIndex...]
            }
        }
        return nil
    }
}

extension UInt8 {
    fileprivate var isLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) }
}
