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
        ask("memory", for: "maxmemory_policy", over: link) { [logger] policy in
            guard policy != "noeviction" else { return }
            logger.warning(
                "this Redis may evict charges, which are then forgotten. Set maxmemory-policy noeviction",
                metadata: ["maxmemory-policy": "\(policy)"])
        }
    }

    private func askForCluster(over link: RedisLink) {
        hasAllAccounts = false
        ask("cluster", for: "cluster_enabled", over: link) { [weak self] enabled in
            self?.hasAllAccounts = enabled == "0"
        }
    }

    /// Reads one line of `INFO`.
    /// - Parameters:
    ///   - section: the section of `INFO`.
    ///   - name: the name of the line.
    ///   - then: receives the line's value, unless the server does not report it.
    private func ask(
        _ section: String, for name: String, over link: RedisLink, then: @escaping (Substring) -> Void
    ) {
        let callback = ReplyCallback { reply in
            guard case .success(.bulk(let bytes)) = reply else { return }
            let lines = String(buffer: bytes).split(whereSeparator: \.isNewline)
            let line = lines.first { $0.hasPrefix("\(name):") }
            if let value = line?.dropFirst(name.utf8.count + 1) { then(value) }
        }
        link.send(argumentCount: 2, to: callback) { writer in
            writer.append("INFO")
            writer.append(section)
        }
    }
}
