// The audit log of the control plane: who changed what, when, from what to what.

/// `GET /v1/audit`: a page, newest first.
public struct ChangesBody: Codable, Hashable, Sendable {
    public struct Change: Codable, Hashable, Sendable {
        /// Increases with time; the value of `before`.
        public var id: String
        /// ms since 1970, on Redis' clock.
        public var at: Int
        public var who: String
        /// A verb and its object: `put plan pro`, `set default`, `expired override acme`.
        public var what: String
        /// Nil if there was nothing before.
        public var before: JSONValue?
        /// Nil if there is nothing afterwards.
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
    /// Pass it as `before` to get the next page; nil if this is the last.
    public var next: String?

    public init(changes: [Change], next: String?) {
        self.changes = changes
        self.next = next
    }
}
