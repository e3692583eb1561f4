// Brings what event loops counted to the rollups: behind the requests, a bounded number of accounts each time, so that
// neither they nor Redis notice. What Redis cannot take waits; what may have come there is never written twice.

public import Accounting
import Foundation
public import Metrics
import Redis

/// The one writer of a process's rollups.
public actor RollupWriter {
    /// Accounts written in one round, at most; a round a second keeps Redis busy for some 4 % of it.
    public static let maximumWritten = 500
    /// Accounts and functions waiting at once, at most, each for every minute in which it did something: some 50 MB. More are
    /// lost, which is counted.
    public static let maximumWaiting = 100_000
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
    private var waiting: [Part: AccountActivity] = [:]
    /// The parts of ``waiting``, those that wait for longest first.
    private var queue: [Part] = []
    /// Accounts and functions of ``waiting``.
    private var entryCount = 0

    /// - Parameter metrics: where `stint_rollups_written_total` and `stint_rollups_lost_total` go.
    public init(_ rollups: Rollups, metrics: any MetricsFactory) {
        self.rollups = rollups
        written = Counter(label: "stint_rollups_written_total", factory: metrics)
        lost = Counter(label: "stint_rollups_lost_total", factory: metrics)
        written.increment(by: 0)
        lost.increment(by: 0)
    }

    /// How many accounts wait to be written, each for every minute in which it did something.
    public var waitingCount: Int { queue.count }

    /// Takes what was counted since the last time, for the minute that it is now by Redis' clock (this machine's, while Redis
    /// does not answer), and writes some of what waits.
    /// - Parameters:
    ///   - maximum: accounts written at most. - deadline: when nothing more is begun.
    /// - Returns: whether Redis answered all along.
    @discardableResult
    public func round(
        _ books: [ActivityBook], maximum: Int = RollupWriter.maximumWritten,
        deadline: ContinuousClock.Instant = .now + .seconds(5)
    ) async -> Bool {
        var instant = Timestamp(ms: Int(Date.now.timeIntervalSince1970 * 1_000))
        var answers = true
        do throws(RedisError) { instant = try await rollups.now } catch { answers = false }
        for book in books { take(book, minute: RollupStep.minute.period(at: instant)) }
        guard answers else { return false }
        return await write(maximum, deadline)
    }

    private func take(_ book: ActivityBook, minute: Int) {
        var missed = book.uncounted
        for (account, activity) in book.activities {
            let part = Part(minute: minute, account: account)
            let mayGrow = entryCount < Self.maximumWaiting
            if waiting[part] == nil {
                guard mayGrow else {
                    missed += 1
                    continue
                }
                queue.append(part)
                entryCount += 1
            }
            let before = waiting[part]?.functions.count ?? 0
            waiting[part, default: AccountActivity()].add(activity, mayGrow: mayGrow)
            entryCount += (waiting[part]?.functions.count ?? 0) - before
        }
        if missed > 0 { lost.increment(by: Int64(missed)) }
    }

    private func write(_ maximum: Int, _ deadline: ContinuousClock.Instant) async -> Bool {
        var ranked: [Int: [(Account, AccountActivity)]] = [:]
        var left = min(maximum, queue.count)
        var answers = true
        while answers, left > 0, ContinuousClock.now < deadline {
            let parts = Array(queue.prefix(min(Self.writtenAtOnce, left)))
            left -= parts.count
            var unsent: [Part] = []
            for (part, error) in zip(parts, await add(parts)) {
                if case .failed = error { answers = false }
                if case .failed(.notSent) = error {
                    unsent.append(part)
                    continue
                }
                let activity = waiting.removeValue(forKey: part) ?? AccountActivity()
                entryCount -= 1 + activity.functions.count
                if error == nil {
                    ranked[part.minute, default: []].append((part.account, activity))
                    written.increment()
                } else {
                    lost.increment()
                }
            }
            queue.replaceSubrange(..<parts.count, with: unsent)
        }
        for (minute, activities) in ranked.sorted(by: { $0.key < $1.key }) {
            answers = await rank(activities, minute: minute) && answers
        }
        return answers
    }

    /// - Returns: in their order what went wrong with each; nil: nothing.
    private func add(_ parts: [Part]) async -> [RedisError?] {
        await withTaskGroup(of: (Int, RedisError?).self) { group in
            for (index, part) in parts.enumerated() {
                let activity = waiting[part] ?? AccountActivity()
                group.addTask { [rollups] in
                    do throws(RedisError) {
                        try await rollups.add(activity, of: part.account, minute: part.minute)
                        return (index, nil)
                    } catch {
                        return (index, error)
                    }
                }
            }
            var errors = [RedisError?](repeating: nil, count: parts.count)
            for await (index, error) in group { errors[index] = error }
            return errors
        }
    }

    private func rank(_ activities: [(Account, AccountActivity)], minute: Int) async -> Bool {
        for first in stride(from: 0, to: activities.count, by: Self.rankedAtOnce) {
            let some = activities[first..<min(first + Self.rankedAtOnce, activities.count)]
            do throws(RedisError) {
                try await rollups.rank(Array(some), minute: minute)
            } catch {
                lost.increment(by: Int64(activities.count - first))
                return false
            }
        }
        return true
    }
}
