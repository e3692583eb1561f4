// Why the data plane does not start. Each says what to do about it.

/// An error of ``RunnerServer/start()``.
public enum RunnerError: Error, Equatable, CustomStringConvertible {
    /// A setting is out of its bound; the text names both.
    case outOfBound(String)
    /// Neither an address nor a socket path is set.
    case nowhereToListen
    /// Somebody answers at the Unix socket.
    case socketInUse(path: String)
    /// The socket's path leads to something else than a socket.
    case notASocket(path: String)
    case cannotListen(at: String, reason: String)

    public var description: String {
        switch self {
        case .outOfBound(let text): text
        case .nowhereToListen: "the runner API has nowhere to listen; set an address, a socket path or both"
        case .socketInUse(let path):
            "another process listens on the socket \(path); stop it, or choose another path"
        case .notASocket(let path): "\(path) exists and is not a socket; remove it, or choose another path"
        case .cannotListen(let place, let reason):
            "cannot listen on \(place): \(reason); stop what is there, or choose another address"
        }
    }
}
