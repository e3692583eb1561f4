// What stands between the control plane and those who must not use it.

public import Access
public import NIOCore

public struct AdminSecurity: Sendable {
    /// Adds what stands between a connection's bytes and its requests: TLS.
    public typealias Secure = @Sendable (any Channel) throws -> Void

    /// Whose requests are answered; nil: everybody's.
    public let tokens: CurrentTokens?
    /// Called for each new connection before the first byte; nil: connections are plain.
    public let secure: Secure?

    public init(tokens: CurrentTokens? = nil, secure: Secure? = nil) {
        self.tokens = tokens
        self.secure = secure
    }
}
