// The servers behind a URL one by one: for what is true of each alone, such as its rights and its
// clock.

extension Topology {
    /// A server that takes writes.
    public struct Primary: Sendable, Equatable {
        public let address: RedisURL.Address
        /// How many of a cluster's slots it has, 0 to 16,384; nil: it does not belong to a cluster.
        public let slotCount: Int?
        /// Whether it takes commands now.
        public let isReady: Bool
    }

    /// The servers that take writes, as far as they are known now.
    public var primaries: [Primary] {
        func primary(_ address: RedisURL.Address, slotCount: Int? = nil) -> Primary {
            Primary(address: address, slotCount: slotCount, isReady: link(at: address)?.isReady == true)
        }
        switch self {
        case .single(let link): return [primary(link.address)]
        case .cluster(let links):
            return zip(links.map.primaries, links.map.slotCounts).filter { $1 > 0 }
                .map { primary($0, slotCount: $1) }
        case .sentinel(let links): return links.link.map { [primary($0.address)] } ?? []
        }
    }

    /// The replicas that the map of a cluster names; of other topologies the primaries know them.
    public var mappedReplicas: [RedisURL.Address] {
        if case .cluster(let links) = self { links.map.replicas } else { [] }
    }

    /// How many slots of a cluster no node has; 0 for other topologies.
    public var missingSlotCount: Int {
        if case .cluster(let links) = self { links.map.missingSlotCount } else { 0 }
    }

    /// The link to one of ``primaries``.
    public func link(at address: RedisURL.Address) -> RedisLink? {
        switch self {
        case .single(let link): link.address == address ? link : nil
        case .cluster(let links): links.links[address]
        case .sentinel(let links): links.link?.address == address ? links.link : nil
        }
    }

    /// A hash tag whose keys the server has: `base` itself, or in a cluster with a number behind
    /// it.
    /// - Returns: nil if the server has no slot.
    public func tag(_ base: String, at address: RedisURL.Address) -> String? {
        guard case .cluster(let links) = self else { return base }
        // Of so many tags some are in each slot.
        return (0..<20 * KeySlot.count).lazy.map { "\(base)-\($0)" }
            .first { links.map[KeySlot.of(tag: $0.utf8)] == address }
    }
}
