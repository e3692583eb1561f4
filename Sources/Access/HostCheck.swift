// Checks the hosts that one connection's requests name. A client names the same host every time, so
// it is parsed once.

/// Belongs to one connection. It must not be shared between threads.
public struct HostCheck {
    /// Whether every host is accepted, or only this machine.
    public let takesAnyHost: Bool
    /// The bytes of the last accepted host.
    private var accepted: [UInt8] = []

    /// - Parameter takesAnyHost: false if nothing else distinguishes a request from one that a page
    ///   made a browser send: a name that led to the page's own server a minute ago may mean
    ///   loopback to a browser now.
    public init(takesAnyHost: Bool) { self.takesAnyHost = takesAnyHost }

    /// - Parameter host: an authority.
    public mutating func accepts(_ host: Span<UInt8>) -> Bool {
        if isAccepted(host) { return true }
        let bytes = host.indices.map { host[$0] }
        guard let authority = Authority(String(decoding: bytes, as: UTF8.self)), accepts(authority) else {
            return false
        }
        accepted = bytes
        return true
    }

    public func accepts(_ authority: Authority) -> Bool { takesAnyHost || authority.isLoopback }

    private func isAccepted(_ host: Span<UInt8>) -> Bool {
        guard !accepted.isEmpty, host.count == accepted.count else { return false }
        for place in host.indices where host[place] != accepted[place] { return false }
        return true
    }
}
