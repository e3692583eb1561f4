// A script for the server, and its digest once a server has said it: SHA-1 is the server's
// business.

import Synchronization

/// Lua that runs in the server, with all or nothing. One instance per script, kept for the life of
/// the process.
public final class RedisScript: Sendable {
    public let text: String
    private let digest = Mutex<String?>(nil)

    public init(_ text: String) { self.text = text }

    /// As `SCRIPT LOAD` answered it; nil until then.
    var knownDigest: String? {
        get { digest.withLock { $0 } }
        set { digest.withLock { $0 = newValue } }
    }
}
