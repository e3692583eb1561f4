// Brings what event loops counted to the rollups: behind the requests, a bounded number of accounts each time, so that
// neither they nor Redis notice. What may have come to Redis is never written twice.

public import Accounting
import Foundation
public import Metrics
import Redis

/// The one writer of a process's rollups.
public actor RollupWriter {
    /// Accounts written in one round, at most; a round a second keeps Redis busy for some 4 % of it.
    public static let maximumWritten = 500
    /// Accounts on their way to Redis at once.
    private static let writtenAtOnce = 20
    /// Accounts that one call adds to the rankings, so that Redis is not kept for long.
    private static let rankedAtOnce = 20

    private struct Part: Hashable {
        let minute: Int
        let account: Account
    }

    private let rollups: Rollups
    private let lost: Counter
    private let written: Counter
    /// What Redis did not take, in the order in which it came.
    private var waiting: [MinuteActivity] = []

    /// - Parameter metrics: where `stint_rollups_written_total` and `stint_rollups_lost_total` go.
    public init(_ rollups: Rollups, metrics: any MetricsFactory) {
        self.rollups = rollups
        written = Counter(label: "stint_rollups_written_total", factory: metrics)
        lost = Counter(label: "stint_rollups_lost_total", factory: metrics)
        written.increment(by: 0)
        lost.increment(by: 0)
    }

    /// Which minute it is by Redis' clock, and how many accounts the next round has place for. While Redis does not answer the minute
    /// is this machine's, and the room nil: accounts are counted on.
    public func outlook() async -> (minute: Int, room: Int?) {
        do throws(RedisError) {
            let minute = RollupStep.minute.period(at: try await rollups.now)
            return (minute, max(0, Self.maximumWritten - waiting.count))
        } catch {
            let now = Timestamp(ms: Int(Date.now.timeIntervalSince1970 * 1_000))
            return (RollupStep.minute.period(at: now), nil)
        }
    }

    /// Writes what was taken, and what waits since the last time.
    /// - Parameters:
    ///   - activities: as many as ``outlook()`` has place for; those of one account and minute are written as one.
    ///   - uncounted: decisions that there was no room for. - deadline: when nothing more is begun.
    /// - Returns: whether nothing waits.
    @discardableResult
    public func write(
        _ activities: [MinuteActivity], uncounted: Int = 0,
        until deadline: ContinuousClock.Instant = .now + .seconds(5)
    ) async -> Bool {
        if uncounted > 0 { lost.increment(by: Int64(uncounted)) }
        join(activities)
        var ranked: [Int: [MinuteActivity]] = [:]
        var answers = true
        while answers, !waiting.isEmpty, ContinuousClock.now < deadline {
            let some = Array(waiting.prefix(Self.writtenAtOnce))
            var unsent: [MinuteActivity] = []
            for (part, error) in zip(some, await rollups.add(some)) {
                if case .failed = error { answers = false }
                switch error {
                case .failed(.notSent)?: unsent.append(part)
                case nil:
                    ranked[part.minute, default: []].append(part)
                    written.increment()
                default: lost.increment()
                }
            }
            waiting.replaceSubrange(..<some.count, with: unsent)
        }
        for (minute, parts) in ranked.sorted(by: { $0.key < $1.key }) { await rank(parts, minute: minute) }
        return waiting.isEmpty
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

    private func rank(_ parts: [MinuteActivity], minute: Int) async {
        for first in stride(from: 0, to: parts.count, by: Self.rankedAtOnce) {
            let some = parts[first..<min(first + Self.rankedAtOnce, parts.count)]
            do throws(RedisError) {
                try await rollups.rank(some.map { ($0.account, $0.activity) }, minute: minute)
            } catch {
                return lost.increment(by: Int64(parts.count - first))
            }
        }
    }
}
