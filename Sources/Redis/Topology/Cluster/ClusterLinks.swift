// The nodes of a Redis Cluster as one event loop reaches them: a link to each primary, and the map
// of slots that says which of them has a key. `SlotMap` and `Redirection` parse the servers'
// replies.

import NIOCore

/// Links to the primaries of a cluster. Every method must be called on the event loop.
public final class ClusterLinks {
    /// How often the map is read while a slot or a primary is missing, or a server contradicted it.
    static let staleInterval = TimeAmount.milliseconds(100)
    /// How often it is read otherwise.
    static let restInterval = TimeAmount.seconds(60)

    private let eventLoop: any EventLoop
    private let seeds: [RedisURL.Address]
    /// How long a link that is not needed any more may wait for its last replies.
    private let closeDelay: TimeAmount
    private let makeLink: Topology.MakeLink
    let metrics: TopologyMetrics
    private let onReady: (RedisLink) -> Void

    private(set) var map = SlotMap()
    private(set) var links: [RedisURL.Address: RedisLink] = [:]
    /// Nodes that have no slot in the map, and are there because another node named them.
    private var unmapped: Set<RedisURL.Address> = []
    /// Which node is asked next.
    private var turn = 0
    private var isReading = false
    /// The map may be out of date.
    private var isStale = true
    private var readAt = NIODeadline.uptimeNanoseconds(0)
    private var timer: Scheduled<Void>?
    private var isClosed = false

    init(
        eventLoop: any EventLoop, seeds: [RedisURL.Address], closeDelay: TimeAmount,
        makeLink: @escaping Topology.MakeLink, metrics: TopologyMetrics,
        onReady: @escaping (RedisLink) -> Void
    ) {
        self.metrics = metrics
        self.eventLoop = eventLoop
        self.seeds = seeds
        self.closeDelay = closeDelay
        self.makeLink = makeLink
        self.onReady = onReady
    }

    func start() {
        guard timer == nil, !isClosed else { return }
        for seed in seeds { open(seed) }
        checkLater()
    }

    private func checkLater() {
        timer = eventLoop.assumeIsolated().scheduleTask(in: Self.staleInterval) { [weak self] in
            guard let self, !isClosed else { return }
            check()
            checkLater()
        }
    }

    func close() -> EventLoopFuture<Void> {
        isClosed = true
        timer?.cancel()
        let closed = links.values.map { $0.close() }
        links = [:]
        return .andAllComplete(closed, on: eventLoop)
    }

    func flush() {
        for link in links.values { link.flush() }
    }

    /// Why some keys cannot be reached now; nil: all can.
    var absence: String? {
        if map.primaries.isEmpty {
            let reason = seeds.lazy.compactMap { self.links[$0]?.absence }.first
            return "no node of the cluster has sent its slots" + (reason.map { ": \($0)" } ?? "")
        }
        if let slot = map.missingSlot { return "no node of the cluster has slot \(slot)" }
        for address in map.primaries {
            if let reason = links[address]?.absence {
                return "the node \(address) does not answer: \(reason)"
            }
        }
        return nil
    }

    func link(forSlot slot: Int) -> Result<RedisLink, RedisFailure> {
        guard let address = map[slot], let link = links[address] else {
            return .failure(.notSent(absence ?? "no node of the cluster has slot \(slot)"))
        }
        return .success(link)
    }

    /// Any node that takes commands.
    var anyLink: RedisLink? {
        map.primaries.lazy.compactMap { self.links[$0] }.first(where: \.isReady)
            ?? links.values.first(where: \.isReady)
    }

    /// What a node says of its cluster.
    /// - Returns: where to send the command again at once; nil: after a pause, by the map.
    func follow(_ redirection: Redirection) -> (link: RedisLink, asking: Bool)? {
        switch redirection {
        case .moved(let slot, let address):
            map.move(slot, to: address)
            markStale()
            return readyLink(to: address).map { ($0, asking: false) }
        case .ask(let address):
            return readyLink(to: address).map { ($0, asking: true) }
        case .wait, .demoted:
            markStale()
            return nil
        }
    }

    /// - Returns: the link to a node that another node named; nil while it is not ready.
    private func readyLink(to address: RedisURL.Address) -> RedisLink? {
        if links[address] == nil {
            guard links.count < SlotMap.maximumNodes else { return nil }
            unmapped.insert(address)
            open(address)
        }
        guard let link = links[address], link.isReady else { return nil }
        return link
    }
}

// MARK: - The map

extension ClusterLinks {
    private func markStale() {
        isStale = true
        read()
    }

    /// Once a tick of the timer.
    private func check() {
        if anyLink == nil {
            // No known node answers, so the search begins again.
            for address in seeds + map.replicas.prefix(RedisURL.maximumAddresses) { open(address) }
        }
        let isDue = eventLoop.now - readAt >= Self.restInterval
        if isStale || isDue || absence != nil { read() }
    }

    /// Asks the nodes in turn, so that one with an old map is not asked for ever.
    private func read() {
        let ready = links.filter(\.value.isReady).keys.sorted { "\($0)" < "\($1)" }
        guard !isReading, !isClosed, !ready.isEmpty else { return }
        turn += 1
        let address = ready[turn % ready.count]
        guard let link = links[address] else { return }
        isReading = true
        link.call(["CLUSTER", "SLOTS"]).assumeIsolated().whenComplete { [weak self] result in
            guard let self, !isClosed else { return }
            isReading = false
            guard case .success(let reply) = result, let map = SlotMap(reply, asked: address),
                !map.primaries.isEmpty
            else {
                metrics.readMap(isAnswered: false)
                return
            }
            metrics.readMap(isAnswered: true)
            adopt(map)
        }
        link.flush()
    }

    private func adopt(_ map: SlotMap) {
        if eventLoop.now - readAt >= Self.restInterval { unmapped = [] }
        metrics.adopted(map, after: self.map)
        self.map = map
        readAt = eventLoop.now
        isStale = false
        for address in map.primaries { open(address) }
        let wanted = unmapped.union(map.primaries)
        for (address, link) in links where !wanted.contains(address) {
            links[address] = nil
            eventLoop.assumeIsolated().scheduleTask(in: closeDelay) { link.close() }
        }
    }

    private func open(_ address: RedisURL.Address) {
        guard links[address] == nil, !isClosed else { return }
        let link = makeLink(address) { [weak self] link in
            guard let self else { return }
            onReady(link)
            if isStale { read() }
        }
        links[address] = link
        link.start()
    }
}
