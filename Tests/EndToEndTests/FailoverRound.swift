// One failover under load, seen by several Stints at once: each waits for another number of
// replicas, and asks about accounts of its own. What each has answered is audited and held against
// what the ledger has afterwards.

import Audit
import StintClient
import TestServers
import Testing

/// A Stint and its load for all rounds on one rig.
struct FailoverLane: Sendable {
    /// How many replicas must acknowledge.
    let level: Int
    let stint: Stint
}

/// What one lane has seen in one round.
struct FailoverResult: Sendable {
    let level: Int
    /// Executions that were answered as charged, of the accounts of the failed primary, and how
    /// many of them the ledger does not have afterwards.
    var acknowledged = 0
    var lost = 0
    /// Findings of the audit: windows that were over their limit, and others.
    var over = 0
    /// Until the first decision, in ms: after the fault, after the successor became primary, and
    /// after its servers named it and it had as many replicas as must acknowledge.
    var afterFault = 0
    var afterElection = 0
    var afterReadiness = 0
    /// About accounts of other primaries: questions meanwhile, and how many of them got 503.
    var others = 0
    var othersFailed = 0
}

struct FailoverRound {
    let number: Int
    let fault: FailoverFault
    let rig: FailoverRig
    let network: PrivateNetwork?
    let lanes: [FailoverLane]

    /// The shard that is struck.
    private var shard: Int { number % rig.shards }

    /// The accounts of a lane in this round: `many` is never denied, `tight` reaches its limit
    /// after the failover, so that it shows what is forgotten; the others are those of the other
    /// primaries.
    private struct Accounts {
        let many: String
        let tight: String
        let others: [String]
        var struck: [String] { [many, tight] }
    }

    private struct Instants {
        var begun = ContinuousClock.now
        var elected = ContinuousClock.now
        var named = ContinuousClock.now
        /// When the successor had 0, 1 and 2 replicas.
        var replicas: [ContinuousClock.Instant] = []
        var ready = ContinuousClock.now
    }

    private func accounts(of lane: FailoverLane) -> Accounts {
        let name = "\(fault.rawValue.filter { $0 != " " })-\(number)-\(lane.level)"
        return Accounts(
            many: rig.account("\(name)-many", shard: shard),
            tight: rig.account("\(name)-tight", shard: shard),
            others: (0..<rig.shards).filter { $0 != shard }.map { rig.account("\(name)-other", shard: $0) })
    }

    private func load(_ accounts: Accounts, _ lane: FailoverLane) -> Load {
        var load = Load(
            client: lane.stint.client,
            asks: [
                (accounts.many, 10, 7), (accounts.tight, FailoverTests.tightMs, nil),
                (accounts.many, 10, nil),
            ] + accounts.others.map { ($0, 10, nil) })
        load.runners = 4
        return load
    }

    /// Strikes, waits until all is as before, and judges.
    func run() async throws -> [FailoverResult] {
        let accounts = lanes.map { self.accounts(of: $0) }
        let loads = zip(accounts, lanes).map { load($0, $1) }
        let victim = try rig.primary(of: accounts[0].many)
        var instants = Instants()
        let attempts = try await Self.attempts(loads[...], []) { records in
            try await eventually("the loads are on their way", within: Workplace.timeout) {
                zip(records, accounts).allSatisfy { $0.admitted($1.tight) >= FailoverTests.tightCount / 3 }
            }
            instants = try await strike(victim, accounts, records)
            let ready = instants.ready
            try await eventually("all is well again", within: Workplace.timeout) {
                zip(records, accounts).allSatisfy { record, accounts in
                    let denied = record.count {
                        $0.account == accounts.tight && $0.status == 429 && $0.sentAt > ready
                    }
                    return denied > 0 && record.admitted(accounts.many, since: ready) >= 20
                }
            }
        }
        var results: [FailoverResult] = []
        for index in lanes.indices {
            results.append(
                try await judge(attempts[index], loads[index], accounts[index], lanes[index], instants))
        }
        return results
    }

    /// Causes the fault, and ends it when there is a successor that Stint works with.
    private func strike(
        _ victim: RedisServer, _ accounts: [Accounts], _ records: [Load.Record]
    ) async throws -> Instants {
        var instants = Instants()
        try fault.begin(victim, on: network)
        var found: RedisServer?
        try await Self.seen("another server is primary") {
            found = try rig.successor(of: victim, for: accounts[0].many)
            return found != nil
        }
        instants.elected = .now
        guard let successor = found else { return instants }
        let elected = instants.elected
        async let replicas = watch(successor, from: elected)
        async let named = untilNamed(successor)
        if fault.leavesStintThere {
            try await eventually("it decides", within: Workplace.timeout) {
                records[0].admitted(accounts[0].many, since: elected) >= 20
            }
        }
        try await fault.end(victim, on: network)
        try await rig.untilReady()
        instants.replicas = try await replicas
        instants.named = try await named
        instants.ready = .now
        return instants
    }

    /// Asks servers until something is so. In a failover they close connections.
    private static func seen(
        _ what: String, isolation: isolated (any Actor)? = #isolation, _ condition: () throws -> Bool
    ) async throws {
        try await eventually(what, within: .seconds(60), pause: .milliseconds(5)) {
            do { return try condition() } catch is TestServerError { return false }
        }
    }

    private func untilNamed(_ server: RedisServer) async throws -> ContinuousClock.Instant {
        try await Self.seen("the server is named") {
            try rig.isNamed(server)
        }
        return .now
    }

    /// - Returns: when the server had 0, 1, and so on replicas, up to what lanes ask for.
    private func watch(
        _ server: RedisServer, from start: ContinuousClock.Instant
    ) async throws -> [ContinuousClock.Instant] {
        var instants = [start]
        let most = rig.kind.levels.last ?? 0
        try await Self.seen("it has its replicas") {
            let count = try server.replicasOnline
            while instants.count <= min(count, most) { instants.append(.now) }
            return instants.count > most
        }
        return instants
    }

    private static func attempts(
        _ loads: ArraySlice<Load>, _ records: [Load.Record], _ body: ([Load.Record]) async throws -> Void
    ) async throws -> [[Load.Attempt]] {
        guard let load = loads.first else {
            try await body(records)
            return []
        }
        var others: [[Load.Attempt]] = []
        let own = try await load.attempts { record in
            others = try await attempts(loads.dropFirst(), records + [record], body)
        }
        return [own] + others
    }

    // MARK: What must hold

    private func judge(
        _ attempts: [Load.Attempt], _ load: Load, _ accounts: Accounts, _ lane: FailoverLane,
        _ instants: Instants
    ) async throws -> FailoverResult {
        var result = FailoverResult(level: lane.level)
        let isSafe = lane.level == rig.kind.levels.last
        EndToEnd.FaultTests.expectAnswers(attempts)
        let audited = try EndToEnd.FaultTests.audit(attempts)
        result.over = audited.findings.count { $0.kind == .overLimit }
        #expect(audited.findings.allSatisfy { $0.kind == .overLimit || $0.kind == .forgotten }, "\(audited)")
        #expect(!isSafe || audited.isKept, "\(audited)")
        for account in accounts.struck + accounts.others {
            let books = try await load.books(of: account, from: attempts)
            let forgotten = try await load.forgotten(account, of: attempts)
            let lost = max(books.dueExecutions - books.executions, forgotten.count)
            #expect(!isSafe || books.isBalanced && forgotten.isEmpty, "\(account): \(books), \(forgotten)")
            if accounts.struck.contains(account) {
                result.acknowledged += attempts.count { $0.account == account && $0.isAdmitted }
                result.lost += lost
            } else {
                #expect(lost == 0 && books.isBalanced, "\(account): \(books), \(forgotten)")
            }
        }
        let struck = attempts.filter { accounts.struck.contains($0.account) && $0.isAdmitted }
        let first = try #require(struck.map(\.answeredAt).filter { $0 > instants.elected }.min())
        result.afterFault = instants.begun.duration(to: first).inMs
        result.afterElection = instants.elected.duration(to: first).inMs
        result.afterReadiness = max(instants.named, instants.replicas[lane.level]).duration(to: first).inMs
        let others = attempts.filter {
            accounts.others.contains($0.account) && $0.answeredAt > instants.begun
                && $0.sentAt < instants.ready
        }
        result.others = others.count
        let failed = others.filter { $0.status == 503 }
        result.othersFailed = failed.count
        // A busy machine may miss a deadline; nobody may say that something is not available.
        let isSlow = failed.allSatisfy { $0.words.contains("no reply within") }
        #expect(!fault.leavesStintThere || isSlow, "\(failed.first?.words ?? "")")
        return result
    }
}

extension Load.Record {
    fileprivate func admitted(_ account: String, since: ContinuousClock.Instant? = nil) -> Int {
        count { attempt in
            attempt.account == account && attempt.isAdmitted && since.map { $0 < attempt.answeredAt } ?? true
        }
    }
}
