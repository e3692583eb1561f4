// Keeps the plans in force equal to those in Redis: asks every 400 ms whether anything changed,
// reads all of it when something did, ends overrides whose time is over, and imports the plan file.
// While Redis is away, what is in force stays; when it was emptied, what is in force is written
// back.

import Accounting
import ControlStore
import Logging
import Redis
import RunnerAPI
import ServiceLifecycle

actor PlanWatch: Service {
    /// So long after a change at another process it may not be in force here, and the time to read
    /// it.
    static let interval: Duration = .milliseconds(400)
    /// Complaints of one reading that are logged; of the rest, how many there are.
    static let maximumComplaints = 20
    /// Expired overrides that are removed in one go.
    static let maximumRemovals = 1_000

    /// The plans of Redis are in force, for the first time.
    let firstReading = Milestone()

    private let store: PlanStore
    private let runner: RunnerServer
    private let logger: Logger
    private let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    /// What Redis gets when it has nothing.
    private var source: PlanImport
    /// It was not put to Redis yet.
    private var sourceIsPending = true
    private var reading: StoredPlans.Reading
    private var kept: StoredPlans?
    /// When ``kept`` was read, on this process's clock.
    private var keptSince = ContinuousClock.now
    private var logged: Set<Notice> = []
    private var isAway = false
    private var timer: Task<Void, Never>?
    private var latest: Task<Void, Never>?

    /// - Parameters:
    ///   - source: what the runner API begins with.
    ///   - wakes: whenever there is something in it,
    ///     Redis is asked at once.
    init(
        store: PlanStore, source: PlanImport, runner: RunnerServer,
        wakes: (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation), logger: Logger
    ) {
        self.store = store
        self.source = source
        self.runner = runner
        self.logger = logger
        self.wakes = wakes.stream
        waker = wakes.continuation
        reading = StoredPlans.Reading(source.book)
    }

    func run() async throws {
        waker.yield()
        for await _ in wakes.cancelOnGracefulShutdown() {
            await reload()
            scheduleWake()
        }
        timer?.cancel()
    }

    /// When this returns, every change that was made before it is in force; unless Redis does not
    /// answer.
    func reload() async {
        let before = latest
        let task = Task {
            await before?.value
            await check()
        }
        latest = task
        await task.value
    }

    /// Puts a file's plans to Redis, unless they were put last, or are the ones that were read here
    /// last: a file that stands still must not undo what another process's newer one has brought.
    func importPlans(_ plans: PlanImport) async {
        guard plans.digest != source.digest || sourceIsPending else {
            return logger.info(
                "plan file has not changed; the plans kept in Redis are in force",
                metadata: metadata(of: plans))
        }
        source = plans
        sourceIsPending = true
        await reload()
        if sourceIsPending { logger.warning("plans not imported yet; they will be when Redis answers") }
    }

    // MARK: One look

    private func check() async {
        let hadRead = kept != nil
        do {
            try await endWhatHasExpired()
            var stamp = try await store.stamp()
            if let kept, kept.isLost(at: stamp) {
                try await restore(kept)
                stamp = try await store.stamp()
            }
            if stamp == nil, kept == nil, !sourceIsPending {
                logger.warning("there are no plans in Redis any more; importing again")
                sourceIsPending = true
            }
            if sourceIsPending {
                try await importSource()
                stamp = try await store.stamp()
            }
            if let stamp, stamp != kept?.stamp { try await read(stamp) }
            for (account, revision) in reading.expired.prefix(Self.maximumRemovals) {
                _ = try await store.expireOverride(of: account, at: revision)
            }
            if isAway, hadRead { logger.info("plans can be read again") }
            isAway = false
        } catch {
            if !isAway {
                // Being away is the ledger's news. Anything else is about these keys.
                let isGone = if case RedisError.failed = error { true } else { false }
                logger.log(
                    level: isGone ? .debug : .warning, "plans could not be read; those in force stay",
                    metadata: ["error": "\(error)"])
            }
            isAway = true
        }
    }

    private func importSource() async throws {
        let outcome = try await store.importPlans(source)
        sourceIsPending = false
        let metadata = metadata(of: source)
        switch (outcome, source.file) {
        case (.imported, _): logger.info("plans imported", metadata: metadata)
        case (.wasImportedLast, nil): break
        case (.wasImportedLast, _):
            logger.info(
                "plan file was imported already; the plans kept in Redis are in force", metadata: metadata)
        case (.tooMany, _): logger.error("plans not imported: there would be too many", metadata: metadata)
        }
    }

    /// An emptied Redis, or another one that knows nothing, must not take limits away from those
    /// who have them.
    private func restore(_ kept: StoredPlans) async throws {
        let plans: Logger.Metadata = [
            "plan": "\(reading.book.defaultPlan.name)", "plans": "\(reading.book.plans.count)",
            "overrides": "\(reading.book.overrideCount)",
        ]
        if try await store.restore(kept, reading) {
            logger.warning("Redis was emptied; the plans in force were written back", metadata: plans)
        } else if let stamp = try await store.stamp(), kept.isLost(at: stamp) {
            logger.warning(
                "Redis was emptied, and plans were begun anew by somebody else; those are in force from now on",
                metadata: plans)
        }
    }

    private func metadata(of plans: PlanImport) -> Logger.Metadata {
        [
            "file": "\(plans.file ?? "built in")", "plan": "\(plans.book.defaultPlan.name)",
            "digest": "\(plans.digest)",
        ]
    }

    private func read(_ stamp: PlanStamp) async throws {
        var attempts = 3
        while true {
            let start = ContinuousClock.now
            let kept = try await store.read()
            attempts -= 1
            let now = try await store.stamp()
            // Emptied while it was read: the next look sees to that, and until then nothing
            // changes.
            guard kept.stamp != nil, kept.life == stamp.life, now?.life == stamp.life else { return }
            // What changed while it was read may be there in part: a plan without its override, or
            // the other way round.
            if attempts > 0, now != kept.stamp { continue }
            keptSince = start
            try await apply(kept, at: kept.now)
            logger.info(
                "plans in force",
                metadata: [
                    "revision": "\(kept.revision ?? 0)", "plan": "\(reading.book.defaultPlan.name)",
                    "plans": "\(reading.book.plans.count)", "overrides": "\(reading.book.overrideCount)",
                ])
            return
        }
    }

    private func apply(_ kept: StoredPlans, at now: Timestamp) async throws {
        let reading = try kept.reading(at: now, after: reading)
        try await runner.replace(plans: reading.book)
        self.kept = kept
        self.reading = reading
        firstReading.reach()
        log(
            reading.complaints.map { Notice(text: "plans in Redis are not as they should be", what: $0) }
                + reading.book.warnings.map { Notice(text: PlanReload.warning, what: $0) })
    }

    private struct Notice: Hashable {
        let text: Logger.Message
        let what: String

        static func == (one: Notice, other: Notice) -> Bool { one.what == other.what }
        func hash(into hasher: inout Hasher) { hasher.combine(what) }
    }

    /// Each once, until it is mended and comes again.
    private func log(_ notices: [Notice]) {
        let new = notices.filter { !logged.contains($0) }
        for notice in new.prefix(Self.maximumComplaints) {
            logger.warning(notice.text, metadata: ["what": "\(notice.what)"])
        }
        if let more = new.dropFirst(Self.maximumComplaints).first {
            logger.warning(more.text, metadata: ["more": "\(new.count - Self.maximumComplaints)"])
        }
        logged = Set(notices)
    }

    // MARK: Time

    /// When the next override expires, on this process's clock.
    private var expiry: ContinuousClock.Instant? {
        guard let kept, let next = reading.nextExpiry else { return nil }
        return keptSince.advanced(by: .milliseconds(next - kept.now))
    }

    private func endWhatHasExpired() async throws {
        guard let kept, let next = reading.nextExpiry, let expiry, expiry <= .now else { return }
        try await apply(kept, at: next)
        logger.info("overrides expired", metadata: ["overrides": "\(reading.book.overrideCount)"])
    }

    private func scheduleWake() {
        timer?.cancel()
        let untilExpiry = expiry.map { ContinuousClock.now.duration(to: $0) } ?? Self.interval
        let pause = min(Self.interval, max(.milliseconds(1), untilExpiry))
        timer = Task { [waker] in
            do {
                try await Task.sleep(for: pause)
                waker.yield()
            } catch is CancellationError {
            } catch {
                waker.yield()
            }
        }
    }
}
