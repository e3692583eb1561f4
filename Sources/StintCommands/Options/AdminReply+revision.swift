// The revision that a reply names.

import AdminClient

extension AdminReply {
    /// Without its quotes.
    var revision: String { etag.map { $0.filter { $0 != "\"" } } ?? "unknown" }
}
