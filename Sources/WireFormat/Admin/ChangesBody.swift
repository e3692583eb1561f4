// The audit log of the control plane: who changed what, when, from what to what.

/// `GET /v1/audit`: a page, newest first.
public struct ChangesBody: Codable, Hashable, Sendable {
    public struct Change: Codable, Hashable, Sendable {
        /// Grows with time; what `before` takes.
        public var id: String
        /// ms since 1970, on Redis' clock.
        public var at: Int
        public var who: String
        /// A verb and what it was done to: `put plan pro`, `set default`, `expired override acme`.
        public var what: String
        /// Nil when there was nothing.
        public var before: JSONValue?
        /// Nil when there is nothing any more.
        public var after: JSONValue?

        public init(
            id: String, at: Int, who: String, what: String, before: JSONValue?, after: JSONValue?
        ) {
            self.id = id
            self.at = at
            self.who = who
            self.what = what
            self.before = before
            self.after = after
        }
    }

    public var changes: [Change]
    /// Give it as `before` for the next page; nil when this is the last.
    public var next: String?

    public init(changes: [Change], next: String?) {
        self.changes = changes
        self.next = next
    }
}
