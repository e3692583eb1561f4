// Tests whether a decision could be made and written now: on request, after each new connection,
// and every few seconds in between. So the log says what is wrong before a runner notices.

import AdminAPI
import Logging
import Redis
import RedisLedger
import RunnerAPI
import ServiceLifecycle

actor LedgerWatch: Service {
    static let interval: Duration = .seconds(5)
    /// How long a result is reused, so that frequent requests cost the server nothing.
    static let freshness: Duration = .milliseconds(500)

    /// A decision could be made and written, for the first time.
    let firstSuccess = Milestone()

    private let ledgers: Ledgers
    private let runner: RunnerServer
    private let logger: Logger

    private var latest: (result: ProbeResult, at: ContinuousClock.Instant)?
    /// The test that runs now; requests that come meanwhile wait for it.
    private var trying: Task<ProbeResult, Never>?
    /// Since the latest connection, the test has covered what decisions do not need.
    private var isChecked = false
    /// The commands that Redis denied in the last such test that was logged.
    private var lacks: [String] = []

    init(ledgers: Ledgers, runner: RunnerServer, logger: Logger) {
        self.ledgers = ledgers
        self.runner = runner
        self.logger = logger
    }

    func run() async throws {
        var timer: Task<Void, Never>?
        for await _ in ledgers.news.connections.cancelOnGracefulShutdown() {
            timer?.cancel()
            isChecked = false
            timer = Task { await lookNowAndThen() }
        }
        timer?.cancel()
    }

    /// Tests now and every ``interval``, until it is cancelled.
    private func lookNowAndThen() async {
        while !Task.isCancelled {
            _ = await probe(everything: !isChecked)
            do { try await Task.sleep(for: Self.interval) } catch { return }
        }
    }

    /// Ready if a decision could be made and written now, and runners can connect.
    func readiness() async -> Readiness {
        guard runner.isListening else { return .notReady(reason: "the runner API does not listen") }
        return switch await recentResult() {
        case .works: .ready
        case .refused(let reason): .notReady(reason: "Redis refuses: \(reason)")
        case .unreachable(let reason):
            .notReady(reason: "the ledger's server \(ledgers.description) does not answer: \(reason)")
        }
    }

    private func recentResult() async -> ProbeResult {
        if let latest, latest.at.duration(to: .now) < Self.freshness { return latest.result }
        if let trying { return await trying.value }
        let task = Task { await probe(everything: false) }
        trying = task
        let result = await task.value
        trying = nil
        return result
    }

    private func probe(everything: Bool) async -> ProbeResult {
        let result = await ledgers.probe(everything: everything)
        switch result {
        case .works(let lacks):
            latest = (result, .now)
            firstSuccess.reach()
            ledgers.news.refusals.worked()
            if everything { log(lacks) }
        case .refused(let reason):
            latest = (result, .now)
            firstSuccess.reach()
            ledgers.news.refusals.refused(ErrorReply(reason), advice: reason)
        case .unreachable: latest = nil
        }
        return result
    }

    private func log(_ lacks: [String]) {
        isChecked = true
        guard lacks != self.lacks else { return }
        self.lacks = lacks
        guard !lacks.isEmpty else { return logger.notice("Redis allows all commands that Stint needs") }
        let missing = MissingRights(commands: lacks)
        logger.warning("\(missing.text)", metadata: ["type": "\(missing.grant(to: ledgers.user))"])
    }
}
