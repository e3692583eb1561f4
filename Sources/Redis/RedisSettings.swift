// How one link behaves: its deadlines and its bounds. Values only, read once when the link is made.

/// Settings of a `RedisLink`.
public struct RedisSettings: Sendable, Equatable {
    /// Where the server is and who we are there.
    public var url: RedisURL
    /// Longest time from the start of an attempt to connect until the server has answered AUTH,
    /// SELECT and PING.
    public var connectDeadline: Duration = .milliseconds(90)
    /// Longest time from `send` to the reply of one command. When it passes, the outcome of this
    /// command is `.lost`, and further ones are `.notSent` until the late reply has come.
    public var commandDeadline: Duration = .milliseconds(75)
    /// Longest time without any whole reply while commands wait. When it passes, the connection is
    /// given up. At least twice ``commandDeadline`` is taken.
    ///
    /// A second is longer than a healthy server pauses (a fork, a slow disk, a script of somebody
    /// else) and than TCP takes to repeat what was lost twice, and short enough that a connection
    /// that died in silence is soon replaced.
    public var silenceLimit: Duration = .seconds(1)
    /// Most commands that may wait for replies on one link, those whose deadline has passed among
    /// them; more are refused with `.notSent`. At least 1.
    public var maximumInFlight = 10_000
    /// Longest reply in bytes on the wire. A longer one closes the link.
    public var maximumReplyBytes = 1 << 20
    /// How long to wait before the next attempt to connect.
    public var backoff = Backoff()
    /// Path of a PEM file of certificates to trust (`rediss://` only); nil trusts what the system
    /// trusts.
    public var trustRootsFile: String?

    public init(url: RedisURL) { self.url = url }
}
