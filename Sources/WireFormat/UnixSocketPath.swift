// How long the path of a Unix socket may be.

/// A rule for those who listen on or ask a Unix socket.
public enum UnixSocketPath {
    /// Bytes of a path at most. NIO takes no longer one, though Linux would take 107.
    public static let maximumBytes = 103
}
