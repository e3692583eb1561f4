// The security of the control plane: tokens and TLS.

public import Access
public import NIOCore

public struct AdminSecurity: Sendable {
    /// Adds the handlers between a connection's bytes and its requests: TLS.
    public typealias Secure = @Sendable (any Channel) throws -> Void

    /// The tokens that requests need; nil: none.
    public let tokens: CurrentTokens?
    /// Called for each new connection before its first byte; nil: connections are plain.
    public let secure: Secure?

    public init(tokens: CurrentTokens? = nil, secure: Secure? = nil) {
        self.tokens = tokens
        self.secure = secure
    }
}
