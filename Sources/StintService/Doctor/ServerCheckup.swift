// The look at one primary: what it reports, how fast it answers, its clock, the rights of Stint's
// user there, and the judgement of `ServerFindings`. Replicas are judged by what they report only.

import NIOCore
import Redis
import RedisLedger

struct ServerCheckup {
    /// What was seen of a server, and what is to be said about it.
    struct Result: Sendable {
        var server: ExaminedServer
        /// The replicas of a primary, as it reports them.
        var replicas: [RedisURL.Address] = []
        var findings: [Finding] = []
        /// Whether nodes refuse commands while a slot has no primary; nil: not readable.
        var requiresFullCoverage: Bool?
        var replicaCount = 0

        init(server: ExaminedServer) { self.server = server }
    }

    /// How many `PING` are sent, and the time after which no more are.
    private static let pings = (count: 100, atOnce: 10, time: Duration.seconds(1))

    let primary: Topology.Primary
    let settings: RedisSettings
    let client: RedisClient
    let ledgers: Ledgers
    let clockMs: @Sendable () -> Int

    private var address: RedisURL.Address { primary.address }
    private var name: String { "\(primary.address)" }

    func run() async -> Result {
        var result = Result(server: ExaminedServer(name, .primary))
        result.server.slots = primary.slotCount
        let findings = ServerFindings(address: address, advice: Advice(url: settings.url))
        let reply = await call(["INFO"])
        guard case .success(let value) = reply, let info = ServerInfo(value) else {
            result.findings = [findings.withoutInfo(reply)]
            result.findings += await rights()
            return result
        }
        result.server.read(info)
        result.server.appendfsync = await configuration("appendfsync")
        result.server.save = await configuration("save")
        if primary.slotCount != nil {
            result.requiresFullCoverage = await configuration("cluster-require-full-coverage").map {
                $0 == "yes"
            }
        }
        let replicas = info.replicas(of: address)
        result.replicas = replicas.map(\.address)
        result.replicaCount = replicas.count { $0.isOnline }
        result.server.replicas = replicas.count
        result.server.replicaLagS = replicas.map(\.lagS).max()
        let failure = await measureRoundTrips(&result.server)
        await readClock(&result.server)
        result.findings = findings.all(
            result.server, info, replicas, roundTripFailure: failure, settings: settings)
        result.findings += await rights()
        return result
    }

    private func call(_ arguments: [String]) async -> Swift.Result<RedisReply, RedisError> {
        do throws(RedisError) {
            return .success(try await client.call(arguments, at: address))
        } catch {
            return .failure(error)
        }
    }

    /// A parameter of the server's configuration; nil: there is none, or it is not readable, as on
    /// many managed servers.
    private func configuration(_ parameter: String) async -> String? {
        guard case .success(let reply) = await call(["CONFIG", "GET", parameter]) else { return nil }
        return reply.value(of: parameter)
    }

    /// - Returns: why a `PING` was not answered, if one was not.
    private func measureRoundTrips(_ server: inout ExaminedServer) async -> RedisError? {
        let end = ContinuousClock.now + Self.pings.time
        var times: [Duration] = []
        var failure: RedisError?
        while times.count < Self.pings.count, failure == nil, ContinuousClock.now < end {
            let some = await client.roundTrips(Self.pings.atOnce, at: address)
            times += some.times
            failure = some.failure
        }
        times.sort()
        func ms(_ time: Duration) -> Double { (time / .microseconds(1)).rounded() / 1_000 }
        if let worst = times.last {
            server.roundTripMedianMs = ms(times[times.count / 2])
            server.roundTripWorstMs = ms(worst)
        }
        return failure
    }

    /// Of some readings the one with the shortest round trip is the most exact.
    private func readClock(_ server: inout ExaminedServer) async {
        var best: (ahead: Int, roundTrip: Duration)?
        for _ in 0..<5 {
            do {
                let (timeMs, roundTrip) = try await client.serverTimeMs(at: address)
                let ahead = timeMs - (clockMs() - Int(roundTrip / .milliseconds(2)))
                if roundTrip < best?.roundTrip ?? .seconds(1_000) { best = (ahead, roundTrip) }
            } catch {
                break
            }
        }
        server.clockAheadMs = best?.ahead
    }

    // MARK: Rights

    /// What the user may not do: by the test of the ledger, which tries what decisions and the
    /// control plane do, and by the commands that are sent outside of scripts.
    private func rights() async -> [Finding] {
        let denied = await deniedCommands()
        let user = ledgers.user
        var findings = denied.filter { isNeeded($0) }.map { right in
            Finding.error(
                "Redis denies \(right.uppercased()), which decisions need with this URL and these settings",
                at: name, type: "ACL SETUSER \(user) +\(right)")
        }
        switch await ledgers.probe(everything: true, at: address) {
        case .works(let lacks):
            let missing = lacks + denied.filter { !isNeeded($0) }.map { $0.uppercased() }
            if missing.isEmpty, findings.isEmpty {
                findings.append(.ok("Redis allows all commands that Stint needs", at: name))
            } else if !missing.isEmpty {
                let rights = MissingRights(commands: missing)
                findings.append(
                    .warning(
                        "\(rights.text) (\(missing.joined(separator: ", ")))", at: name,
                        type: rights.grant(to: user)))
            }
        case .refused(let reason):
            // Missing replicas, and what is denied outside of scripts, have findings of their own.
            if reason.contains("replicas acknowledged") { break }
            if findings.isEmpty || !reason.hasPrefix("WAIT was refused: NOPERM") {
                findings.append(.error(because: "Redis refuses decisions: \(reason)", at: name))
            }
        case .unreachable(let reason):
            findings.append(.error("a decision cannot be tried: \(reason)", at: name))
        }
        return findings
    }

    private func isNeeded(_ right: String) -> Bool {
        switch right {
        case "cluster|slots", "wait": true
        case "role": if case .sentinel = settings.url.deployment { true } else { false }
        default: false
        }
    }

    /// The commands besides scripts that the user may not run. None of them changes anything.
    private func deniedCommands() async -> [String] {
        var commands = [
            (right: "ping", words: ["PING"]), ("info", ["INFO", "server"]), ("role", ["ROLE"]),
            ("script|load", ["SCRIPT", "LOAD", "return 0"]),
        ]
        if primary.slotCount != nil {
            commands += [("cluster|slots", ["CLUSTER", "SLOTS"]), ("asking", ["ASKING"])]
        }
        if settings.acknowledgingReplicas > 0 { commands.append(("wait", ["WAIT", "0", "1"])) }
        var denied: [String] = []
        for (right, words) in commands {
            if case .failure(.refused(let text)) = await call(words), ErrorReply(text).code == "NOPERM" {
                denied.append(right)
            }
        }
        return denied
    }
}

extension ServerCheckup.Result {
    /// A replica, by what it reports.
    init(
        replica address: RedisURL.Address, _ info: Result<ServerInfo, SurveyFailure>, _ advice: Advice
    ) {
        self.init(server: ExaminedServer("\(address)", .replica))
        switch info {
        case .success(let info):
            server.read(info)
            findings = ServerFindings(address: address, advice: advice).ofReplica(server, info)
        case .failure(let failure):
            findings = [
                .warning(
                    "Stint cannot use this replica, which may become the primary: \(failure.reason)",
                    at: server.address, type: "\(advice.client(address)) PING")
            ]
        }
    }
}
