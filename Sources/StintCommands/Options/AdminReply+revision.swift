// The revision in a reply of the admin API.

import AdminClient

extension AdminReply {
    /// The revision without its quotes.
    var revision: String { etag.map { $0.filter { $0 != "\"" } } ?? "unknown" }
}
