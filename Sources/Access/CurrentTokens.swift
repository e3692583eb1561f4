// The token book in force, for code without an event loop on which to keep a snapshot.

import Synchronization

public final class CurrentTokens: Sendable {
    private let current: Mutex<TokenBook>

    public init(_ book: TokenBook) { current = Mutex(book) }

    public var book: TokenBook { current.withLock { $0 } }

    public func replace(_ book: TokenBook) { current.withLock { $0 = book } }
}
