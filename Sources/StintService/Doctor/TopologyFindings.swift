// What is dangerous about the servers together: slots, replicas to take over, sentinels. Pure.

import Redis

struct TopologyFindings {
    let settings: RedisSettings
    let servers: RedisClient.Servers
    /// Of each primary.
    let checkups: [ServerCheckup.Result]
    let sentinels: [ServerSurvey.Sentinel]

    private var advice: Advice { Advice(url: settings.url) }

    var all: [Finding] {
        switch settings.url.deployment {
        case .single: password
        case .cluster: password + clocks + cluster
        case .sentinel: password + sentinelFindings
        }
    }

    /// Whoever reaches a Redis without a password may change charges and plans.
    private var password: [Finding] {
        let isNear = settings.url.addresses.allSatisfy { address in
            switch address {
            case .unix: true
            case .tcp(let host, _): Address(host: host, port: 0).isLoopback
            }
        }
        guard settings.url.password == nil, !isNear, !servers.primaries.isEmpty else { return [] }
        return [
            .warning(
                "no password: whoever reaches this Redis can change charges and plans",
                type: "ACL SETUSER stint on >PASSWORD ..., as in docs/OPERATIONS.md, Rights of the Redis user"
            )
        ]
    }

    /// An account whose slot moves, or whose primary is replaced, meets another clock.
    private var clocks: [Finding] {
        let ahead = checkups.compactMap(\.server.clockAheadMs)
        guard let first = ahead.min(), let last = ahead.max(),
            last - first > ServerFindings.clockToleranceMs
        else { return [] }
        return [
            .warning(
                "the clocks of the primaries differ by \(last - first) ms: windows of a slot that moves "
                    + "shift by as much", type: "timedatectl, on each of their machines")
        ]
    }

    // MARK: Cluster

    private var cluster: [Finding] {
        guard !checkups.isEmpty else { return [] }
        var findings: [Finding] = []
        let covered = KeySlot.count - servers.missingSlotCount
        if servers.missingSlotCount > 0 {
            findings.append(
                .error(
                    "\(covered) of \(KeySlot.count) slots have a primary; accounts of the others get 503",
                    type: "redis-cli --cluster check \(checkups[0].server.address)"))
        } else {
            findings.append(
                .ok("all \(KeySlot.count) slots have a primary, one of \(servers.primaries.count)"))
        }
        let alone = checkups.filter { $0.replicaCount == 0 }.map(\.server.address)
        if !alone.isEmpty {
            findings.append(
                .warning(
                    "without a replica that is online: \(alone.joined(separator: ", ")). If such a primary "
                        + "fails, its accounts get 503 until it is back",
                    type: "redis-cli --cluster add-node HOST:PORT \(alone[0]) --cluster-slave"))
        }
        if servers.primaries.count < 3 {
            findings.append(
                .warning(
                    "primaries: \(servers.primaries.count); an election needs the votes of most primaries, so with fewer "
                        + "than 3 none is replaced"))
        }
        if servers.primaries.count > DescriptorBudget.clusterNodes {
            findings.append(
                .warning(
                    "primaries: \(servers.primaries.count); stint serve keeps descriptors for "
                        + "\(DescriptorBudget.clusterNodes), so a low limit of open files may not be enough",
                    type: "ulimit -n, and leave room for 2 x (eventLoops + 1) for each further primary"))
        }
        let coverage = Set(checkups.map(\.requiresFullCoverage))
        switch coverage {
        case [true]:
            findings.append(
                .ok("cluster-require-full-coverage yes: while a slot has no primary, all accounts get 503"))
        case [false]:
            findings.append(
                .ok("cluster-require-full-coverage no: while a slot has no primary, its accounts get 503"))
        case [nil]: findings.append(.ok("cluster-require-full-coverage: not readable"))
        default: findings.append(.warning("cluster-require-full-coverage differs among the primaries"))
        }
        return findings
    }

    // MARK: Sentinel

    private var sentinelFindings: [Finding] {
        let answering = sentinels.filter { $0.failure == nil }
        var findings = sentinels.compactMap { sentinel in
            sentinel.failure.map { reason in
                Finding.warning(
                    "this sentinel names no primary: \(reason)", at: "\(sentinel.address)",
                    type: advice.connecting(reason, at: sentinel.address, isSentinel: true))
            }
        }
        guard !answering.isEmpty else { return findings }
        let named = Set(answering.compactMap(\.primary))
        if named.count > 1 {
            let list = answering.map { "\($0.address): \($0.primary.map { "\($0)" } ?? "none")" }
            findings.append(
                .warning(
                    "the sentinels name different primaries (\(list.joined(separator: ", "))), as they do for "
                        + "seconds after a failover", type: "stint doctor, again in a few seconds"))
        } else {
            findings.append(.ok("\(answering.count) of \(sentinels.count) sentinels name the same primary"))
        }
        if let down = answering.first(where: { $0.flags.map { $0.contains("down") } ?? false }) {
            findings.append(
                .error("it finds the primary down (\(down.flags ?? ""))", at: "\(down.address)"))
        }
        return findings + quorum(answering) + successors + downAfter(answering)
    }

    private func quorum(_ answering: [ServerSurvey.Sentinel]) -> [Finding] {
        guard let known = answering.compactMap(\.sentinelCount).max(),
            let quorum = answering.compactMap(\.quorum).max()
        else { return [.ok("quorum: not readable")] }
        if quorum > known {
            return [
                .error(
                    "quorum \(quorum), and \(known) sentinels know of each other: no primary is ever replaced",
                    type: "\(advice.client(answering[0].address)) SENTINEL SET NAME quorum \(known / 2 + 1)")
            ]
        }
        if known < 3 {
            return [
                .warning(
                    "\(known) sentinels know of each other: a failover needs most of them, so it needs 3 to "
                        + "survive the loss of one")
            ]
        }
        return [.ok("quorum \(quorum) of \(known) sentinels that know of each other")]
    }

    private var successors: [Finding] {
        guard let primary = checkups.first, primary.replicaCount == 0 else { return [] }
        return [
            .warning(
                "no replica is online: if the primary fails, all accounts get 503 until it is back",
                at: primary.server.address, type: "redis-cli -h REPLICA REPLICAOF HOST PORT")
        ]
    }

    private func downAfter(_ answering: [ServerSurvey.Sentinel]) -> [Finding] {
        guard let ms = answering.compactMap(\.downAfterMs).max() else { return [] }
        let text =
            "down-after-milliseconds \(ms): after a primary fails, accounts get 503 for this time "
            + "and about a second"
        return ms <= 30_000
            ? [.ok(text)]
            : [
                .warning(
                    text,
                    type:
                        "\(advice.client(answering[0].address)) SENTINEL SET NAME down-after-milliseconds 5000"
                )
            ]
    }
}
