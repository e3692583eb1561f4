// `stint doctor`: connects to Redis as the service does, reads what the servers report, tries what
// decisions do, and judges it. Every step has a deadline. `ServerCheckup` looks at one server.

import NIOCore
import Redis
import RedisLedger

struct Doctor {
    /// How long it tries to connect, at least.
    static let connectTimeout: Duration = .seconds(3)
    /// Servers that are looked at side by side.
    private static let width = 8
    /// The most replicas that are connected to.
    private static let maximumReplicas = 64

    let settings: RedisSettings
    let client: RedisClient
    /// One ledger, as an event loop of the service has.
    let ledgers: Ledgers
    let eventLoop: any EventLoop
    /// This machine's clock, in ms since 1970.
    let clockMs: @Sendable () -> Int

    private var advice: Advice { Advice(url: settings.url) }

    func examine() async throws -> Examination {
        let absence = try await connect()
        let servers = try await client.servers
        var findings: [Finding] = []
        if let absence {
            let address = servers.primaries.first { !$0.isReady }?.address ?? settings.url.address
            let type = advice.connecting(absence, at: address, isSentinel: absence.hasPrefix("no sentinel"))
            findings.append(.error(because: absence, type: type))
        } else {
            findings.append(.ok("Stint connects, and every account has a server"))
        }
        let checkups = await checkups(of: servers.primaries.filter(\.isReady))
        let replicas = try await replicas(checkups.flatMap(\.replicas) + servers.mappedReplicas)
        let sentinels = try await ServerSurvey.sentinels(settings, on: eventLoop)
        findings += checkups.flatMap(\.findings) + replicas.flatMap(\.findings)
        let topology = TopologyFindings(
            settings: settings, servers: servers, checkups: checkups, sentinels: sentinels)
        findings += topology.all
        return Examination(
            settings.url, servers: (checkups + replicas).map(\.server),
            sentinels: sentinels.map { ExaminedSentinel($0) }, findings: findings)
    }

    /// Waits until commands about every key are accepted.
    /// - Returns: why they are not; nil: they are.
    private func connect() async throws -> String? {
        try await client.start()
        let timeout = max(Self.connectTimeout, settings.connectDeadline * 2)
        let end = ContinuousClock.now + timeout
        while true {
            let absence = try await client.servers.absence
            if absence == nil, try await ledgers.areReady { return nil }
            let isFinal = settings.url.deployment == .single && absence.map { Advice.isFinal($0) } == true
            guard ContinuousClock.now < end, !isFinal else {
                return absence ?? "a second connection to it is not accepted"
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    private func checkups(of primaries: [Topology.Primary]) async -> [ServerCheckup.Result] {
        await inParallel(primaries) { primary in
            await ServerCheckup(
                primary: primary, settings: settings, client: client, ledgers: ledgers, clockMs: clockMs
            ).run()
        }
    }

    /// Connects to what would take a primary's place.
    private func replicas(_ addresses: [RedisURL.Address]) async throws -> [ServerCheckup.Result] {
        var known: Set<RedisURL.Address> = []
        let different = addresses.filter { known.insert($0).inserted }.prefix(Self.maximumReplicas)
        return await inParallel(Array(different)) { address in
            do {
                let info = try await ServerSurvey.info(of: address, settings, on: eventLoop)
                return ServerCheckup.Result(replica: address, info, advice)
            } catch {
                return ServerCheckup.Result(
                    replica: address, .failure(SurveyFailure(reason: "\(error)")), advice)
            }
        }
    }

    /// Runs `body` for each, some at a time.
    /// - Returns: the results in the order of the items.
    private func inParallel<Item: Sendable, Result: Sendable>(
        _ items: [Item], _ body: @escaping @Sendable (Item) async -> Result
    ) async -> [Result] {
        await withTaskGroup(of: (Int, Result).self) { group in
            var results: [Int: Result] = [:]
            for (index, item) in items.enumerated() {
                if index >= Self.width, let (done, result) = await group.next() { results[done] = result }
                group.addTask { (index, await body(item)) }
            }
            for await (done, result) in group { results[done] = result }
            return items.indices.compactMap { results[$0] }
        }
    }
}
