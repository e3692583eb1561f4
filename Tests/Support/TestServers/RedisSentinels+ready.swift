// When a primary, its replicas and the sentinels are ready: each knows of the others.

extension RedisSentinels {
    /// Between two looks at the sentinels: they act ten times a second.
    static let pause = Duration.milliseconds(10)

    /// Waits until all sentinels that go on name the same primary, reach each other and the servers
    /// that go on, and those have the primary's data.
    public func untilReady(within limit: Duration = .seconds(20)) async throws {
        var reason: String?
        do {
            try await eventually("the sentinels are ready", within: limit, pause: Self.pause) {
                do { reason = try whyNotReady() } catch let error as TestServerError { reason = "\(error)" }
                return reason == nil
            }
        } catch {
            throw TestServerError("\(error): \(reason ?? "")")
        }
    }

    private func whyNotReady() throws -> String? {
        let primary = try primary()
        let replicas = indicesGoingOn.filter { $0 != primary }
        for index in replicas {
            let info = try nodes[index].command("INFO", "replication")
            if !info.contains("master_port:\(options.port(of: nodes[primary]))\r\n")
                || !info.contains("master_link_status:up")
            {
                return "node \(index) has not the data of node \(primary): \(info)"
            }
        }
        let info = try nodes[primary].command("INFO", "replication")
        let online = info.split(separator: "state=online").count - 1
        if !info.contains("role:master") || online != replicas.count { return "node \(primary): \(info)" }
        for sentinel in sentinelsGoingOn {
            if let reason = try whyNotReady(sentinel, primary, replicas: replicas.count) {
                return "the sentinel at \(sentinel.port): \(reason)"
            }
        }
        return nil
    }

    private func whyNotReady(_ sentinel: RedisServer, _ primary: Int, replicas: Int) throws -> String? {
        let known = try Self.fields("flags", of: sentinel.command("SENTINEL", "MASTER", Self.name))
        if try known != ["master"] || Self.primaryPort(by: sentinel) != options.port(of: nodes[primary]) {
            return "its primary is \(known)"
        }
        let others = try Self.fields("flags", of: sentinel.command("SENTINEL", "SENTINELS", Self.name))
        if others.count != sentinels.count - 1
            || others.count(where: Self.isReached) != sentinelsGoingOn.count - 1
        {
            return "other sentinels are \(others)"
        }
        let answer = try sentinel.command("SENTINEL", "REPLICAS", Self.name)
        let states = zip(
            Self.fields("flags", of: answer), Self.fields("master-link-status", of: answer))
        if Array(states).count != nodes.count - 1
            || states.count(where: { $0 == "slave" && $1 == "ok" }) != replicas
        {
            return "replicas are \(Array(states))"
        }
        return nil
    }

    /// Whether a sentinel reaches another one. That the other finds the primary down stays in the
    /// flags of Valkey until it is asked again.
    private static func isReached(flags: Substring) -> Bool {
        Set(flags.split(separator: ",")).subtracting(["master_down"]) == ["sentinel"]
    }

    /// The values of a field in an answer of names and values, line by line.
    private static func fields(_ name: String, of answer: String) -> [Substring] {
        let lines = answer.split(separator: "\n", omittingEmptySubsequences: false)
        return zip(lines, lines.dropFirst()).filter { $0.0 == name }.map(\.1)
    }
}
