// A script for the server, and its digest once a server has returned it: Stint computes no SHA-1.

import Synchronization

/// Lua that the server runs as one step. One instance per script, kept for the life of the process.
public final class RedisScript: Sendable {
    public let text: String
    private let digest = Mutex<String?>(nil)

    public init(_ text: String) { self.text = text }

    /// The digest that `SCRIPT LOAD` returned; nil before.
    var knownDigest: String? {
        get { digest.withLock { $0 } }
        set { digest.withLock { $0 = newValue } }
    }
}
