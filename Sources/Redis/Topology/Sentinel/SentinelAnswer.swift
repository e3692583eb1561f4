// What sentinels reply and announce, as values. Without I/O.

import NIOCore

/// What a sentinel replies when it is asked for the primary.
enum SentinelAnswer: Equatable {
    /// - Parameter configEpoch: the number of the failover that made this server the primary. It
    ///   grows with each, at all sentinels; 0: the sentinel does not say.
    case primary(RedisURL.Address, configEpoch: Int)
    /// It watches no primary of that name.
    case unknownName
    /// It does not say. The reason is for people.
    case none(String)

    /// The commands whose replies make an answer, in their order.
    static func commands(for name: String) -> [[String]] {
        [["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name], ["SENTINEL", "MASTER", name]]
    }

    /// - Parameters:
    ///   - replies: to ``commands(for:)``.
    ///   - sentinel: which one it was.
    init(_ replies: [RedisReply], from sentinel: RedisURL.Address) {
        switch replies.first {
        case .null: self = .unknownName
        case .error(let text): self = .none("it refuses: \(ErrorReply(text).text)")
        default:
            guard let address = Self.address(replies.first, from: sentinel) else {
                self = .none("its reply is not an address")
                return
            }
            let configEpoch = replies.count > 1 ? replies[1].value(of: "config-epoch") : nil
            self = .primary(address, configEpoch: configEpoch.flatMap { Int($0) } ?? 0)
        }
    }

    private static func address(_ reply: RedisReply?, from sentinel: RedisURL.Address) -> RedisURL.Address? {
        guard case .array(let parts) = reply, parts.count == 2, case .bulk(let host) = parts[0],
            case .bulk(let digits) = parts[1],
            host.readableBytes > 0, let port = Int(String(buffer: digits))
        else { return nil }
        return sentinel.other(host: String(buffer: host), port: port)
    }
}

/// What comes over a connection that subscribes to a sentinel's announcements.
enum SentinelAnnouncement: Equatable {
    /// The sentinel that leads a failover announces `+promoted-slave` as soon as the replica is the
    /// primary, and `+switch-master` only when the other replicas follow that. The other sentinels
    /// announce `+switch-master` at once.
    static let channels = ["+switch-master", "+promoted-slave"]

    /// The subscription is in force.
    case subscribed
    /// Another server is the primary.
    case switched(RedisURL.Address)
    /// Something that does not concern this primary.
    case other

    /// - Parameter name: the primary's.
    init(_ reply: RedisReply, name: String, from sentinel: RedisURL.Address) {
        self = .other
        guard case .array(let parts) = reply, parts.count == 3, case .bulk(let kind) = parts[0] else {
            return
        }
        if String(buffer: kind) == "subscribe" { self = .subscribed }
        guard String(buffer: kind) == "message", case .bulk(let channel) = parts[1],
            case .bulk(let text) = parts[2]
        else { return }
        let words = String(buffer: text).split(separator: " ")
        let address: ArraySlice<Substring>
        switch String(buffer: channel) {
        // NAME OLD-HOST OLD-PORT HOST PORT
        case "+switch-master" where words.count == 5 && words[0] == name: address = words[3...4]
        // slave ID HOST PORT @ NAME OLD-HOST OLD-PORT
        case "+promoted-slave" where words.count == 8 && words[4] == "@" && words[5] == name:
            address = words[2...3]
        default: return
        }
        guard let host = address.first, let port = address.last.flatMap({ Int($0) }),
            let server = sentinel.other(host: String(host), port: port)
        else { return }
        self = .switched(server)
    }
}
