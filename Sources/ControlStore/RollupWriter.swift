// Writes what the event loops counted to the rollups. It works behind the requests, on a bounded
// number of accounts each time, so that it slows neither the requests nor Redis. What may have
// reached Redis is never written twice.

public import Accounting
import Foundation
public import Metrics
import Redis

/// The one writer of a process's rollups.
public actor RollupWriter {
    /// The maximum number of accounts written in one round. A round per second keeps Redis busy for
    /// some 3.5 % of it.
    public static let maximumWritten = 500
    /// The number of accounts written at once: few, so that Redis is soon free for the ledger.
    private static let writtenAtOnce = 10
    /// The pause between two writes; so a full round takes most of a second.
    public static let pause: Duration = .milliseconds(15)

    private struct Part: Hashable {
        let minute: Int
        let account: Account
    }

    private let rollups: Rollups
    private let lost: Counter
    private let written: Counter
    /// What Redis has not accepted yet, in the order in which it came.
    private var waiting: [MinuteActivity] = []

    /// - Parameter metrics: where `stint_rollups_written_total` and `stint_rollups_lost_total` are
    ///   counted.
    public init(_ rollups: Rollups, metrics: any MetricsFactory) {
        self.rollups = rollups
        written = Counter(label: "stint_rollups_written_total", factory: metrics)
        lost = Counter(label: "stint_rollups_lost_total", factory: metrics)
        written.increment(by: 0)
        lost.increment(by: 0)
    }

    /// The minute on Redis' clock, and the number of accounts that the next round has room for.
    /// While Redis does not answer, the minute is this machine's and the room is nil: the counting
    /// goes on.
    public func outlook() async -> (minute: Int, room: Int?) {
        do throws(RedisError) {
            let minute = RollupStep.minute.period(at: try await rollups.now)
            return (minute, max(0, Self.maximumWritten - waiting.count))
        } catch {
            let now = Timestamp(ms: Int(Date.now.timeIntervalSince1970 * 1_000))
            return (RollupStep.minute.period(at: now), nil)
        }
    }

    /// Writes the drained activity, and what still waits from earlier rounds, some accounts at
    /// once.
    /// - Parameters:
    ///   - activities: as many as ``outlook()`` has room for; those of one account and minute are
    ///     written as one.
    ///   - uncounted: the number of decisions that there was no room for.
    ///   - pause: the pause between two writes.
    ///   - deadline: after this instant no write is started.
    /// - Returns: whether nothing waits.
    @discardableResult
    public func write(
        _ activities: [MinuteActivity], uncounted: Int = 0, pause: Duration = .zero,
        until deadline: ContinuousClock.Instant = .now + .seconds(5)
    ) async -> Bool {
        if uncounted > 0 { lost.increment(by: Int64(uncounted)) }
        join(activities)
        while !waiting.isEmpty, ContinuousClock.now < deadline {
            guard await writeSome() else { return false }
            // If it is cancelled, it goes on without pauses.
            if !waiting.isEmpty, pause > .zero { try? await Task.sleep(for: pause) }
        }
        return waiting.isEmpty
    }

    /// - Returns: whether Redis answers.
    private func writeSome() async -> Bool {
        let some = Array(waiting.prefix(Self.writtenAtOnce))
        var unsent: [MinuteActivity] = []
        var done: [Int: [MinuteActivity]] = [:]
        var answers = true
        for (part, error) in zip(some, await rollups.add(some)) {
            if case .failed = error { answers = false }
            switch error {
            case .failed(.notSent)?: unsent.append(part)
            case nil:
                done[part.minute, default: []].append(part)
                written.increment()
            default: lost.increment()
            }
        }
        waiting.replaceSubrange(..<some.count, with: unsent)
        for (minute, parts) in done {
            do throws(RedisError) {
                try await rollups.rank(parts.map { ($0.account, $0.activity) }, minute: minute)
            } catch {
                lost.increment(by: Int64(parts.count))
            }
        }
        return answers
    }

    private func join(_ activities: [MinuteActivity]) {
        var places: [Part: Int] = [:]
        for (place, part) in waiting.enumerated() {
            places[Part(minute: part.minute, account: part.account)] = place
        }
        for activity in activities {
            let part = Part(minute: activity.minute, account: activity.account)
            if let place = places[part] {
                waiting[place].add(activity)
            } else {
                places[part] = waiting.count
                waiting.append(activity)
            }
        }
    }
}
