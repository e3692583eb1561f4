// What a server reports about itself, read each time a link to it is ready: whether it may evict
// charges, and whether it has all accounts.

import Logging
import NIOCore
import Redis

final class ServerFacts {
    /// Whether one server has all accounts, so that a call may be about several. False until the
    /// server has reported that it does not belong to a cluster.
    private(set) var hasAllAccounts = false
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    func ask(over link: RedisLink) {
        askForPolicy(over: link)
        askForCluster(over: link)
    }

    /// Warns if the server may evict keys: every key of the ledger has a time to live, so any
    /// eviction may forget charges.
    private func askForPolicy(over link: RedisLink) {
        ask("memory", over: link) { [logger] info in
            guard let policy = info.evictionPolicy, policy != "noeviction" else { return }
            logger.warning(
                "this Redis may evict charges, which are then forgotten. Set maxmemory-policy noeviction",
                metadata: ["maxmemory-policy": "\(policy)"])
        }
    }

    private func askForCluster(over link: RedisLink) {
        hasAllAccounts = false
        ask("cluster", over: link) { [weak self] info in
            self?.hasAllAccounts = info.belongsToCluster == false
        }
    }

    /// Reads a section of `INFO`.
    /// - Parameter then: receives it, unless the server does not report it.
    private func ask(_ section: String, over link: RedisLink, then: @escaping (ServerInfo) -> Void) {
        let callback = ReplyCallback { reply in
            if case .success(let reply) = reply, let info = ServerInfo(reply) { then(info) }
        }
        link.send(argumentCount: 2, to: callback) { writer in
            writer.append("INFO")
            writer.append(section)
        }
    }
}
