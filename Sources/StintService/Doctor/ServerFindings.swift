// What is dangerous about one server, judged by what it reports. Pure.

import Redis
import RedisLedger

struct ServerFindings {
    /// A clock that differs by more is mentioned.
    static let clockToleranceMs = 1_000
    /// A replica that was not heard of for longer is mentioned.
    static let lagToleranceS = 10

    let address: RedisURL.Address
    let advice: Advice
    private var name: String { "\(address)" }

    init(address: RedisURL.Address, advice: Advice) {
        self.address = address
        self.advice = advice
    }

    /// Everything but rights.
    /// - Parameter roundTripFailure: why a `PING` was not answered, if one was not.
    func all(
        _ server: ExaminedServer, _ info: ServerInfo, _ replicas: [ServerInfo.Replica],
        roundTripFailure: RedisError?, settings: RedisSettings
    ) -> [Finding] {
        [version(info), eviction(server), memory(server, info)].compactMap(\.self)
            + persistence(server, info) + [clients(info), clock(server)].compactMap(\.self)
            + [roundTrips(server, roundTripFailure, settings)]
            + minimumReplicas(info, settings) + self.replicas(replicas, settings)
    }

    func ofReplica(_ server: ExaminedServer, _ info: ServerInfo) -> [Finding] {
        var findings = [version(info), eviction(server)].compactMap(\.self).filter { $0.level != .ok }
        findings = findings.map { .warning("\($0.text), once it is the primary", at: name, type: $0.type) }
        if info["master_link_status"].map({ $0 != "up" }) == true {
            findings.append(.warning("this replica has lost its primary", at: name))
        }
        return findings
    }

    /// `INFO` was denied or not answered.
    func withoutInfo(_ reply: Result<RedisReply, RedisError>) -> Finding {
        guard case .failure(let error) = reply else {
            return .warning("its reply to INFO is not readable", at: name)
        }
        if case .refused(let text) = error {
            return .warning(
                "INFO was refused, so that most cannot be checked: \(ErrorReply(text).text)", at: name)
        }
        return .error(
            "it does not answer INFO: \(error.reason)", at: name, type: "\(advice.client(address)) PING")
    }

    private func version(_ info: ServerInfo) -> Finding? {
        guard let program = info.program, let isSupported = info.isSupported else { return nil }
        return isSupported
            ? .ok("\(program)", at: name)
            : .error("\(program): Stint needs Redis 6.2 or later, or Valkey", at: name)
    }

    private func eviction(_ server: ExaminedServer) -> Finding? {
        guard let policy = server.maxmemoryPolicy else { return nil }
        if policy == "noeviction" {
            return .ok("maxmemory-policy noeviction: no charge is evicted", at: name)
        }
        let text = "maxmemory-policy \(policy): this Redis may evict charges, which are then forgotten"
        let type = advice.set("maxmemory-policy noeviction", at: address)
        return server.maxmemoryBytes == 0
            ? .warning("\(text), as soon as maxmemory is set", at: name, type: type)
            : .error(text, at: name, type: type)
    }

    private func memory(_ server: ExaminedServer, _ info: ServerInfo) -> Finding? {
        guard let (used, limit) = info.memory, limit > 0 else { return nil }
        let of = server.maxmemoryBytes == 0 ? "of the machine (maxmemory is not set)" : "of maxmemory"
        let percent = used * 100 / limit
        if percent < 80 { return .ok("memory: \(percent) % \(of)", at: name) }
        return .warning(
            "memory: \(percent) % \(of); a full Redis refuses writes, which are then answered 503", at: name,
            type: server.maxmemoryBytes == 0
                ? "--execution-log-maximum-rows N, or give the machine more memory"
                : advice.set("maxmemory BYTES", at: address))
    }

    private func persistence(_ server: ExaminedServer, _ info: ServerInfo) -> [Finding] {
        var findings: [Finding] = []
        if info["aof_last_write_status"] == "err" {
            findings.append(
                .error(
                    "its append-only file cannot be written: it refuses writes", at: name,
                    type: "df -h, on its machine; its log has the reason"))
        }
        if info["rdb_last_bgsave_status"] == "err" {
            findings.append(
                .warning(
                    "its last dump failed; it may refuse writes (stop-writes-on-bgsave-error)", at: name,
                    type: "df -h, on its machine; its log has the reason"))
        }
        let dump = server.save.map { $0.isEmpty ? "no dumps either" : "only dumps (save \($0))" }
        switch (server.appendonly, server.appendfsync) {
        case (true, "no"):
            findings.append(
                .warning(
                    "appendfsync no: a power loss forgets what the system had not written, half a minute or so",
                    at: name, type: advice.set("appendfsync everysec", at: address)))
        case (true, let fsync):
            let seconds = fsync == "always" ? "nothing" : "about a second of charges"
            findings.append(
                .ok(
                    "append-only file, appendfsync \(fsync ?? "not readable"): "
                        + (fsync == nil ? "a restart forgets nothing" : "a power loss forgets \(seconds)"),
                    at: name))
        case (false, _):
            findings.append(
                .warning(
                    "no append-only file, \(dump ?? "dumps not readable"): a restart of Redis forgets charges "
                        + (server.save?.isEmpty == true ? "and plans" : "since the last dump"),
                    at: name, type: advice.set("appendonly yes", at: address)))
        case (nil, _): findings.append(.ok("persistence: not readable", at: name))
        }
        return findings
    }

    private func clients(_ info: ServerInfo) -> Finding? {
        guard let connected = info.number("connected_clients"), let maximum = info.number("maxclients"),
            connected * 10 > maximum * 9
        else { return nil }
        return .warning(
            "\(connected) of maxclients \(maximum) connections are in use; further ones are refused",
            at: name,
            type: advice.set("maxclients N", at: address))
    }

    private func clock(_ server: ExaminedServer) -> Finding? {
        guard let ahead = server.clockAheadMs else { return nil }
        let text =
            ahead == 0
            ? "its clock agrees with this machine's"
            : "its clock is \(abs(ahead)) ms \(ahead < 0 ? "behind" : "ahead of") this machine's"
        if abs(ahead) <= Self.clockToleranceMs { return .ok(text, at: name) }
        return .warning(
            "\(text): deadlines that runners get are by its clock", at: name,
            type: "timedatectl, on both machines")
    }

    private func roundTrips(
        _ server: ExaminedServer, _ failure: RedisError?, _ settings: RedisSettings
    ) -> Finding {
        if let failure, case .failed = failure {
            return .warning(
                "a PING was not answered: \(failure.reason)", at: name,
                type: "\(advice.client(address)) --latency")
        }
        guard let median = server.roundTripMedianMs, let worst = server.roundTripWorstMs else {
            return .ok("round trip: PING is denied, so it was not measured", at: name)
        }
        let text = "round trip: median \(median) ms, worst \(worst) ms"
        let deadline = settings.commandDeadline / .milliseconds(1)
        if worst * 2 <= deadline, median * 8 <= deadline { return .ok(text, at: name) }
        let level: Finding.Level = median > deadline ? .error : .warning
        return Finding(
            level: level, server: name,
            text: "\(text): too near to redis.commandDeadlineMs \(Int(deadline)), beyond which asks get 503",
            type: "--redis-command-deadline-ms \(min(10_000, max(Int(worst * 4), Int(deadline) * 2)))")
    }

    /// Whoever sets `min-replicas-to-write` wants writes to be refused while replicas are missing.
    /// Before 7.0 Redis refuses commands, but not what a script writes, and every charge is that.
    private func minimumReplicas(_ info: ServerInfo, _ settings: RedisSettings) -> [Finding] {
        guard info["min_slaves_good_slaves"] != nil, info.refusesScriptsWithoutReplicas == false,
            settings.acknowledgingReplicas == 0
        else { return [] }
        return [
            .warning(
                "min-replicas-to-write is set, and this version does not apply it to scripts: charges are made "
                    + "without replicas too", at: name, type: "--redis-acknowledging-replicas 1")
        ]
    }

    private func replicas(_ replicas: [ServerInfo.Replica], _ settings: RedisSettings) -> [Finding] {
        let online = replicas.filter(\.isOnline)
        let wanted = settings.acknowledgingReplicas
        var findings = replicas.filter { !$0.isOnline || $0.lagS > Self.lagToleranceS }.map { replica in
            Finding.warning(
                replica.isOnline
                    ? "its replica \(replica.address) was last heard of \(replica.lagS) s ago"
                    : "its replica \(replica.address) is still being synchronised", at: name)
        }
        if online.count < wanted {
            findings.append(
                .error(
                    "replicas online: \(online.count), fewer than redis.acknowledgingReplicas \(wanted): every "
                        + "decision gets 503", at: name,
                    type: "--redis-acknowledging-replicas \(online.count), or add replicas"))
        } else if wanted > 0, online.count == wanted {
            findings.append(
                .warning(
                    "replicas online: \(online.count), just as many as redis.acknowledgingReplicas: without one "
                        + "of them every decision gets 503", at: name,
                    type: "--redis-acknowledging-replicas \(wanted - 1), or add a replica"))
        } else if !replicas.isEmpty {
            let bytes = online.map(\.lagBytes).max() ?? 0
            let lag = online.isEmpty ? "" : "; the last is \(bytes) bytes behind"
            findings.append(.ok("replicas online: \(online.count)\(lag)", at: name))
        }
        return findings
    }
}

extension RedisError {
    /// For people.
    var reason: String {
        switch self {
        case .failed(.notSent(let text)), .failed(.lost(let text)), .failed(.late(let text)): text
        case .refused(let text): ErrorReply(text).text
        case .unexpected(let text): text
        }
    }
}
