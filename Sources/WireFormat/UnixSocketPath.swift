// The maximum length of a Unix socket's path.

/// The bound for code that listens on a Unix socket or connects to one.
public enum UnixSocketPath {
    /// The maximum length in bytes. NIO accepts no longer path, although Linux would accept 107.
    public static let maximumBytes = 103
}
