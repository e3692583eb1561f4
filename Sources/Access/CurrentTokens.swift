// The book in force, for those who have no event loop of their own to keep a snapshot on.

import Synchronization

public final class CurrentTokens: Sendable {
    private let current: Mutex<TokenBook>

    public init(_ book: TokenBook) { current = Mutex(book) }

    public var book: TokenBook { current.withLock { $0 } }

    public func replace(_ book: TokenBook) { current.withLock { $0 = book } }
}
