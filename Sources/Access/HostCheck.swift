// Checks the hosts that one connection's requests name. A client names the same one every time, so
// it is read once.

/// Belongs to one connection. Not to be shared between threads.
public struct HostCheck {
    /// Whether anybody may be named, or only this machine.
    public let takesAnyHost: Bool
    /// The bytes of a host that was good.
    private var accepted: [UInt8] = []

    /// - Parameter takesAnyHost: false where nothing else tells a request from one that a page made
    ///   a browser send: to a browser a name may mean loopback today that led to the page's own
    ///   server a minute ago.
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
