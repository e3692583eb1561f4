// Errors by which a server says that another one has the key, or that it has it again soon. A
// value, without I/O.

/// What an error of a server means for the command that got it. The command did nothing.
enum Redirection: Equatable {
    /// `MOVED`: the node at the address has the slot from now on.
    case moved(slot: Int, RedisURL.Address)
    /// `ASK`: the node at the address has the key, which is just moving there.
    case ask(RedisURL.Address)
    /// The server, or the slot, is on its way to being available again.
    case wait
    /// The server is not the primary any more.
    case demoted

    /// The codes of the errors that mean one of these.
    static let codes = ["MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "READONLY"]

    /// - Parameters:
    ///   - error: as the server sent it.
    ///   - asked: the server. It stands for nodes that do not say where they are.
    /// - Returns: nil if the error means none of these.
    init?(_ error: ErrorReply, asked: RedisURL.Address) {
        switch error.code {
        case "MOVED", "ASK":
            let parts = error.text.split(separator: " ")
            guard parts.count == 3, let slot = Int(parts[1]), (0..<KeySlot.count).contains(slot),
                let colon = parts[2].lastIndex(of: ":"), let port = Int(parts[2][colon...].dropFirst()),
                let address = asked.other(host: String(parts[2][..<colon]), port: port)
            else { return nil }
            self = error.code == "MOVED" ? .moved(slot: slot, address) : .ask(address)
        case "TRYAGAIN", "CLUSTERDOWN", "LOADING", "MASTERDOWN": self = .wait
        case "READONLY": self = .demoted
        default: return nil
        }
    }
}
