// The deadlines and bounds of one link. Values only, read once when the link is made.

/// Settings of a `RedisLink`.
public struct RedisSettings: Sendable, Equatable {
    /// The server, and the user on it.
    public var url: RedisURL
    /// The longest time from the start of an attempt to connect until the server has answered AUTH,
    /// SELECT and PING.
    public var connectDeadline: Duration = .milliseconds(90)
    /// The longest time from `send` to the reply of one command. When it passes, the outcome of
    /// this command is `.late`, and further commands are `.notSent` until a late reply has come.
    public var commandDeadline: Duration = .milliseconds(250)
    /// The longest time without any whole reply while commands wait. When it passes, the link
    /// closes the connection. A value below twice ``commandDeadline`` is raised to that.
    ///
    /// A second is longer than a healthy server pauses (a fork, a slow disk, another client's
    /// script) and than TCP takes to repeat what was lost twice. It is short enough that a
    /// connection that failed silently is soon replaced.
    public var silenceLimit: Duration = .seconds(1)
    /// The time without a command after which the link sends a `PING`. Its reply has the deadline
    /// of a command, so that a connection which died in silence is found before a command needs it.
    public var keepAlive: Duration = .seconds(5)
    /// The maximum number of commands that may wait for replies on one link, including those whose
    /// deadline has passed. Further commands are refused with `.notSent`. At least 1.
    public var maximumInFlight = 10_000
    /// The longest reply in bytes on the wire. A longer one closes the connection.
    public var maximumReplyBytes = 1 << 20
    /// The number of replicas that must have what a call of the ledger wrote before its answer
    /// counts; 0: no replica is asked.
    public var acknowledgingReplicas = 0
    /// The pause before the next attempt to connect.
    public var backoff = Backoff()
    /// The path of a PEM file of certificates to trust (`rediss://` only); nil: those that the
    /// system trusts.
    public var trustRootsFile: String?
    /// The ACL user on the sentinels; nil for their default user.
    public var sentinelUser: String?
    /// The password for AUTH at the sentinels; nil: AUTH is not sent to them.
    public var sentinelPassword: String?

    public init(url: RedisURL) { self.url = url }

    /// Those of a connection to a sentinel.
    func ofSentinel(at address: RedisURL.Address) -> RedisSettings {
        var settings = self
        settings.url = url.ofSentinel(at: address, user: sentinelUser, password: sentinelPassword)
        return settings
    }
}
