// Keeps the plans in force equal to those in Redis: checks every 400 ms for changes, reads all of
// them after one, ends expired overrides, and imports the plan file. While Redis is unreachable,
// the plans in force stay. If Redis was emptied, they are written back.

import Accounting
import ControlStore
import Logging
import Redis
import RunnerAPI
import ServiceLifecycle

actor PlanWatch: Service {
    /// The time between two checks. A change by another process is in force here after at most this
    /// time and the time to read it.
    static let interval: Duration = .milliseconds(400)
    /// The warnings of one reading that are logged. Of further ones only the number is logged.
    static let maximumComplaints = 20
    /// Expired overrides that are removed in one check.
    static let maximumRemovals = 1_000

    /// The plans of Redis are in force, for the first time.
    let firstReading = Milestone()

    private let store: PlanStore
    private let runner: RunnerServer
    private let logger: Logger
    private let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    /// The plans that are imported if Redis has none.
    private var source: PlanImport
    /// ``source`` has not been imported yet.
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
    ///   - store: the plans in Redis.
    ///   - source: the plans with which the runner API starts.
    ///   - runner: gets the plans in force.
    ///   - wakes: each element starts a check at once.
    ///   - logger: gets every change and warning.
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

    /// Checks now. When this returns, every change made before the call is in force, unless Redis
    /// does not answer.
    func reload() async {
        let before = latest
        let task = Task {
            await before?.value
            await check()
        }
        latest = task
        await task.value
    }

    /// Imports a file's plans into Redis, unless they were the last import, or the file has not
    /// changed since it was last read here: an old file must not undo the import of a newer file by
    /// another process.
    func importPlans(_ plans: PlanImport) async {
        guard plans.digest != source.digest || sourceIsPending else {
            return logger.info(
                "plan file has not changed; the plans kept in Redis are in force",
                metadata: metadata(of: plans))
        }
        source = plans
        sourceIsPending = true
        await reload()
        if sourceIsPending { logger.warning("plans not imported yet; waiting for Redis to answer") }
    }

    // MARK: One check

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
                logger.warning("the plans in Redis are gone; importing them again")
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
                // The ledger logs an unreachable Redis. Any other error is about these keys.
                let isGone = if case RedisError.failed = error { true } else { false }
                logger.log(
                    level: isGone ? .debug : .warning, "cannot read the plans; those in force stay",
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
        case (.tooMany, _): logger.error("plans not imported: too many in Redis", metadata: metadata)
        }
    }

    /// Writes the plans in force back, so that no account loses its limits because Redis was
    /// emptied, or an empty one took its place.
    private func restore(_ kept: StoredPlans) async throws {
        let plans: Logger.Metadata = [
            "plan": "\(reading.book.defaultPlan.name)", "plans": "\(reading.book.plans.count)",
            "overrides": "\(reading.book.overrideCount)",
        ]
        if try await store.restore(kept, reading) {
            logger.warning("Redis was emptied; the plans in force were written back", metadata: plans)
        } else if let stamp = try await store.stamp(), kept.isLost(at: stamp) {
            logger.warning(
                "Redis was emptied, and another process has written new plans; those are in force now",
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
            // Redis was emptied during the reading: the next check handles that, and until then
            // nothing changes.
            guard kept.stamp != nil, kept.life == stamp.life, now?.life == stamp.life else { return }
            // A change during the reading may have been read in part: a plan without its override,
            // or the other way round.
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
            reading.complaints.map { Notice(text: "plans in Redis are invalid", what: $0) }
                + reading.book.warnings.map { Notice(text: PlanReload.warning, what: $0) })
    }

    private struct Notice: Hashable {
        let text: Logger.Message
        let what: String

        static func == (one: Notice, other: Notice) -> Bool { one.what == other.what }
        func hash(into hasher: inout Hasher) { hasher.combine(what) }
    }

    /// Logs each warning once, and again only after it was gone in between.
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
