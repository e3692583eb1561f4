// What a server must be before a link to it takes commands, and what to type if it is something
// else. A value, without I/O.

import NIOCore

/// What is asked of a server once it knows us.
enum ServerCheck: Equatable {
    /// Anything that answers.
    case none
    /// A primary that does not belong to a cluster: what `redis://` leads to.
    case standalone
    /// A node of a cluster, primary or replica.
    case clusterNode
    /// A primary, as sentinels name it.
    case primary

    enum Step: Equatable { case cluster, role }

    var steps: [Step] {
        switch self {
        case .none: []
        case .standalone: [.cluster, .role]
        case .clusterNode: [.cluster]
        case .primary: [.role]
        }
    }

    /// - Returns: why the link rejects the server; nil if the server fits, or if its kind cannot be
    ///   determined now.
    func complaint(about reply: RedisReply, to step: Step, at url: RedisURL) -> String? {
        let scheme = url.usesTLS ? "rediss" : "redis"
        switch (step, reply) {
        case (.cluster, let reply):
            switch (self, ServerInfo(reply)?.belongsToCluster) {
            case (.standalone, true):
                return "it is a node of a cluster. Type: --redis-url \(scheme)+cluster://\(url.address)/"
            case (.clusterNode, false):
                return "it is not a node of a cluster. Type: --redis-url \(scheme)://\(url.address)/"
            default: return nil
            }
        case (.role, .array(let parts)):
            guard case .bulk(let role)? = parts.first, String(buffer: role) != "master" else { return nil }
            guard self == .standalone, parts.count >= 3, case .bulk(let host) = parts[1],
                case .integer(let port) = parts[2],
                let primary = url.address.other(host: String(buffer: host), port: port)
            else { return "it is not a primary (ROLE says \(String(buffer: role)))" }
            return "it is a replica of \(primary). Type: --redis-url \(scheme)://\(primary)/"
        case (.role, .error(let text)) where self == .primary && ErrorReply(text).code == "NOPERM":
            return
                "whether it is the primary cannot be checked. Type: ACL SETUSER \(url.user ?? "default") +role"
        default: return nil
        }
    }
}
