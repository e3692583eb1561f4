// How single nodes become a cluster, without redis-cli, and how one waits until they are one.

extension RedisCluster {
    /// Gives the slots away and introduces every node to every other: left to gossip, they would
    /// need seconds to learn of each other.
    func form() async throws {
        for node in nodes { try await node.untilItAnswers() }
        for index in nodes.indices {
            // All begin with epoch 0, and would settle who has which one after the other.
            try command("CLUSTER", "SET-CONFIG-EPOCH", "\(index + 1)", on: index)
        }
        for index in 0..<options.primaries {
            let first = index * Self.slotCount / options.primaries
            let last = (index + 1) * Self.slotCount / options.primaries - 1
            if RedisProgram.isAtLeast(7) {
                try command("CLUSTER", "ADDSLOTSRANGE", "\(first)", "\(last)", on: index)
            } else {
                try nodes[index].command(["CLUSTER", "ADDSLOTS"] + (first...last).map { "\($0)" })
            }
        }
        for index in nodes.indices {
            for other in nodes.indices.dropFirst(index + 1) {
                try command(
                    "CLUSTER", "MEET", nodes[other].host, "\(port(of: other))", "\(busPorts[other])",
                    on: index)
            }
        }
        for index in nodes.indices.dropFirst(options.primaries) {
            let primary = try id(of: index % options.primaries)
            try await eventually("node \(index) knows its primary", pause: Self.pause) {
                try view(of: index).nodes.contains { $0.id == primary && $0.isConnected }
            }
            try command("CLUSTER", "REPLICATE", primary, on: index)
        }
        try await untilReady()
    }

    /// Between two looks at a cluster: its nodes act ten times a second.
    static let pause = Duration.milliseconds(10)

    /// Waits until all nodes that go on take commands, agree on each other's slots and roles, and
    /// the replicas among them have the data of their primaries.
    public func untilReady(within limit: Duration = .seconds(10)) async throws {
        var reason: String?
        do {
            try await eventually("the cluster is ready", within: limit, pause: Self.pause) {
                do { reason = try whyNotReady() } catch let error as TestServerError { reason = "\(error)" }
                return reason == nil
            }
        } catch {
            throw TestServerError("\(error): \(reason ?? "")")
        }
    }

    private func whyNotReady() throws -> String? {
        let indices = indicesGoingOn
        for index in indices {
            let info = try command("CLUSTER", "INFO", on: index)
            let wanted = [
                "cluster_state:ok", "cluster_slots_assigned:\(Self.slotCount)",
                "cluster_slots_ok:\(Self.slotCount)", "cluster_known_nodes:\(nodes.count)",
            ]
            let lines = Set(info.split(whereSeparator: \.isNewline).map(String.init))
            let missing = wanted.filter { !lines.contains($0) }
            if !missing.isEmpty { return "node \(index): no \(missing) in \(info)" }
        }
        let views = try indices.map { try view(of: $0) }
        for (index, view) in zip(indices, views) {
            if view.roles != views[0].roles { return "nodes \(indices[0]) and \(index) disagree" }
            if options.announcesHostname,
                let node = view.nodes.first(where: { !$0.address.hasSuffix(",localhost") })
            {
                return "node \(index) knows no host name of \(node.address)"
            }
            if let myself = view.myself, myself.primary != nil,
                try !command("INFO", "replication", on: index).contains("master_link_status:up")
            {
                return "node \(index) has not the data of its primary"
            }
        }
        return nil
    }
}
