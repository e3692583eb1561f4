// The errors that stop the start of the data plane. Each says what to do.

/// An error of ``RunnerServer/start()``.
public enum RunnerError: Error, Equatable, CustomStringConvertible {
    /// A setting is out of its bounds; the text names both.
    case outOfBound(String)
    /// Neither an address nor a socket path is set.
    case nowhereToListen
    /// Another process listens on the Unix socket.
    case socketInUse(path: String)
    /// At the socket's path is something other than a socket.
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
            "cannot listen on \(place): \(reason); stop the process there, or choose another address"
        }
    }
}
