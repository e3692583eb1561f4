// The bodies about resource quotas: the named things that an account owns, and how many of a sort
// it may own.

/// The bounds of the name of a thing, and of its metadata.
public enum ResourceRule {
    /// A sort, as plans name it: 1 to 64 bytes of `A-Z a-z 0-9 . _ -`.
    public static let kind = BodyField.kind.rule
    /// A thing's name: 1 to 200 bytes of UTF-8 without control characters.
    public static let name = FieldRule.text(minimumBytes: 1, maximumBytes: 200)
    /// The maximum size of a thing's metadata in bytes, written without white space and with its
    /// members sorted.
    public static let maximumMetadataBytes = 1_024
}

/// How many things of one sort an account owns, and how many it may own.
public struct ResourceUse: Codable, Equatable, Sendable {
    public let kind: String
    /// Above `quota` if that was lowered.
    public let used: Int
    /// 0 for a sort that is not, or no longer, in the account's plan.
    public let quota: Int

    public init(kind: String, used: Int, quota: Int) {
        self.kind = kind
        self.used = used
        self.quota = quota
    }
}

/// `GET /v1/accounts/{account}/resources`: every sort of the account's plan, sorted.
public struct ResourceUses: Codable, Equatable, Sendable {
    public let resources: [ResourceUse]

    public init(resources: [ResourceUse]) { self.resources = resources }
}

/// One thing of a sort.
public struct NamedResource: Codable, Equatable, Sendable {
    public let name: String
    /// What its owner wrote about it; never a secret's value.
    public let metadata: [String: JSONValue]?

    public init(name: String, metadata: [String: JSONValue]? = nil) {
        self.name = name
        self.metadata = metadata
    }
}

/// `GET /v1/accounts/{account}/resources/{kind}`: things in the order of their names' bytes.
public struct ResourcePage: Codable, Equatable, Sendable {
    public let kind: String
    public let used: Int
    public let quota: Int
    public let names: [NamedResource]
    /// Pass it as `after` to get the next page; absent on the last page.
    public let next: String?

    public init(kind: String, used: Int, quota: Int, names: [NamedResource], next: String?) {
        self.kind = kind
        self.used = used
        self.quota = quota
        self.names = names
        self.next = next
    }
}

/// `GET` and `PUT /v1/accounts/{account}/resources/{kind}/{name}`: one thing, and the number of
/// things of its sort, including it.
public struct ResourceBody: Codable, Equatable, Sendable {
    public let kind: String
    public let name: String
    public let metadata: [String: JSONValue]?
    public let used: Int
    public let quota: Int

    public init(kind: String, name: String, metadata: [String: JSONValue]?, used: Int, quota: Int) {
        self.kind = kind
        self.name = name
        self.metadata = metadata
        self.used = used
        self.quota = quota
    }
}
