// Which node has a slot, and how that changes: by moving the slot, step by step, and by a failover.

extension RedisCluster {
    /// The slot of a key, as Redis computes it.
    public func slot(of key: String) throws -> Int {
        guard let index = indicesGoingOn.first,
            let slot = Int(try command("CLUSTER", "KEYSLOT", key, on: index))
        else { throw TestServerError("no node answers which slot a key has") }
        return slot
    }

    /// The node that serves a slot: of those that go on and hold it to be theirs the one that was
    /// given it last.
    public func primary(ofSlot slot: Int) throws -> Int {
        let claims = try indicesGoingOn.compactMap { index in
            try view(of: index).myself.flatMap { $0.holds(slot) ? (index: index, node: $0) : nil }
        }
        guard let last = claims.max(by: { $0.node.configEpoch < $1.node.configEpoch }) else {
            throw TestServerError("no node serves slot \(slot)")
        }
        return last.index
    }

    /// Whether a node holds a slot to be its own.
    public func serves(_ slot: Int, _ node: RedisServer) throws -> Bool {
        try ClusterView(node.command("CLUSTER", "NODES")).myself?.holds(slot) == true
    }

    /// The replicas of a primary that go on, in the order of `nodes`.
    public func replicas(of index: Int) throws -> [Int] {
        let primary = try id(of: index)
        return try indicesGoingOn.filter { try view(of: $0).myself?.primary == primary }
    }

    /// A move of a slot from the node that serves it; nothing is done yet.
    public func moveSlot(_ slot: Int, to destination: Int) throws -> SlotMove {
        SlotMove(cluster: self, slot: slot, source: try primary(ofSlot: slot), destination: destination)
    }

    /// Makes a replica primary in agreement with its primary, which loses nothing, and waits until
    /// every node knows.
    public func failover(to index: Int) async throws {
        try command("CLUSTER", "FAILOVER", on: index)
        try await eventually("node \(index) is primary", pause: Self.pause) {
            try view(of: index).myself?.flags.contains("master") == true
        }
        try await untilReady()
    }

    /// Waits until a node other than `former` serves the slot and every node knows.
    /// - Returns: that node.
    @discardableResult
    public func untilReplaced(_ former: Int, slot: Int) async throws -> Int {
        try await eventually("node \(former) is replaced", pause: Self.pause) {
            try indicesGoingOn.contains { index in
                try index != former && view(of: index).myself?.holds(slot) == true
            }
        }
        try await untilReady()
        return try primary(ofSlot: slot)
    }

    /// The move of one slot, in the steps that redis-cli makes, so that a test can look in between.
    public struct SlotMove: Sendable {
        let cluster: RedisCluster
        public let slot: Int
        public let source: Int
        public let destination: Int

        /// From here on the source answers ASK for keys of the slot that it has not.
        public func open() throws {
            try setSlot("IMPORTING", cluster.id(of: source), on: destination)
            try setSlot("MIGRATING", cluster.id(of: destination), on: source)
        }

        /// Moves that many of the keys that are still there, or all.
        /// - Returns: how many it moved.
        @discardableResult
        public func migrateKeys(_ limit: Int = .max) throws -> Int {
            var moved = 0
            while moved < limit {
                let batch = min(100, limit - moved)
                let keys = try cluster.command("CLUSTER", "GETKEYSINSLOT", "\(slot)", "\(batch)", on: source)
                    .split(separator: "\n").map(String.init)
                if keys.isEmpty { break }
                let secret = cluster.options.password.map { ["AUTH", $0] } ?? []
                try cluster.nodes[source].command(
                    ["MIGRATE", "127.0.0.1", "\(cluster.port(of: destination))", "", "0", "5000"] + secret
                        + ["KEYS"] + keys)
                moved += keys.count
            }
            return moved
        }

        /// Gives the slot, which must have no keys left at the source, to the destination, and
        /// waits until every node knows.
        public func close() async throws {
            let owner = try cluster.id(of: destination)
            // The destination first: the other way round, nobody has the slot in between.
            try setSlot("NODE", owner, on: destination)
            try setSlot("NODE", owner, on: source)
            try await cluster.eventuallyServed(slot, by: destination)
        }

        /// All steps.
        public func finish() async throws {
            try open()
            try migrateKeys()
            try await close()
        }

        private func setSlot(_ state: String, _ id: String, on index: Int) throws {
            try cluster.command("CLUSTER", "SETSLOT", "\(slot)", state, id, on: index)
        }
    }

    private func eventuallyServed(_ slot: Int, by index: Int) async throws {
        let owner = try id(of: index)
        try await eventually("every node knows that node \(index) has slot \(slot)", pause: Self.pause) {
            try indicesGoingOn.allSatisfy { other in
                try view(of: other).nodes.first { $0.holds(slot) }?.id == owner
            }
        }
        try await untilReady()
    }
}
