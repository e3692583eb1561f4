// The page that made a browser send a request. Browsers send this, and no page can falsify it.
// Other clients do not send these fields and are not checked.

/// The fields of a request about the page that it comes from (Fetch; Fetch Metadata).
public struct SendingPage: Sendable {
    /// `Origin`; if there are several, `null`, which matches no origin.
    public var origin: String? {
        didSet { if oldValue != nil { origin = "null" } }
    }
    /// `Sec-Fetch-Site`, likewise.
    public var site: String? {
        didSet { if oldValue != nil { site = "cross-site" } }
    }
    /// `Sec-Fetch-Mode`, likewise.
    public var mode: String? {
        didSet { if oldValue != nil { mode = "" } }
    }
    /// `Sec-Fetch-Dest`, likewise.
    public var destination: String? {
        didSet { if oldValue != nil { destination = "" } }
    }

    public init() {}

    /// Whether the request comes from a page of another origin than the one that it is sent to.
    ///
    /// Links that a person follows to here are not foreign: a page cannot read the result, and they
    /// change nothing. A frame in a page is not such a link.
    /// - Parameters:
    ///   - host: the authority that the request names.
    ///   - isSecure: whether the connection is encrypted. If it is not, a proxy may have decrypted
    ///     it, so both schemes match.
    ///   - isSafe: whether the request changes nothing.
    public func isForeign(to host: Authority?, isSecure: Bool, isSafe: Bool) -> Bool {
        if let origin, !Self.isSame(origin, as: host, isSecure: isSecure) { return true }
        guard let site, site != "same-origin", site != "none" else { return false }
        let isLink = mode == "navigate" && (destination ?? "document") == "document"
        return !(isSafe && isLink && origin == nil)
    }

    /// - Parameter origin: `SCHEME://HOST[:PORT]` or `null`.
    private static func isSame(_ origin: String, as host: Authority?, isSecure: Bool) -> Bool {
        for (scheme, port) in [("https://", 443), ("http://", 80)] where origin.hasPrefix(scheme) {
            guard !isSecure || port == 443, let host,
                let own = Authority(origin.dropFirst(scheme.utf8.count))
            else { return false }
            return own.host == host.host && own.port ?? port == host.port ?? port
        }
        return false
    }
}
