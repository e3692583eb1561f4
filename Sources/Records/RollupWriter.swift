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
    /// Accounts waiting at once, each for every minute in which it did something; more are lost, which is counted.
    public static let maximumWaiting = 100_000
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
    /// - Returns: whether Redis took all that was tried.
    @discardableResult
    public func round(_ books: [ActivityBook], maximum: Int = RollupWriter.maximumWritten) async -> Bool {
        let now = try? await rollups.now
        let instant = now ?? Timestamp(ms: Int(Date.now.timeIntervalSince1970 * 1_000))
        for book in books { take(book, minute: RollupStep.minute.period(at: instant)) }
        return now == nil ? false : await write(maximum)
    }

    private func take(_ book: ActivityBook, minute: Int) {
        var missed = book.uncounted
        for (account, activity) in book.activities {
            let part = Part(minute: minute, account: account)
            if waiting[part] == nil {
                guard queue.count < Self.maximumWaiting else {
                    missed += 1
                    continue
                }
                queue.append(part)
            }
            waiting[part, default: AccountActivity()].add(activity)
        }
        if missed > 0 { lost.increment(by: Int64(missed)) }
    }

    private func write(_ maximum: Int) async -> Bool {
        var ranked: [Int: [(Account, AccountActivity)]] = [:]
        var done = 0
        var goesOn = true
        for part in queue.prefix(maximum) where goesOn {
            let activity = waiting[part] ?? AccountActivity()
            do throws(RedisError) {
                try await rollups.add(activity, of: part.account, minute: part.minute)
                ranked[part.minute, default: []].append((part.account, activity))
                written.increment()
            } catch {
                goesOn = false
                if case .failed(.notSent) = error { break }
                lost.increment()
            }
            waiting[part] = nil
            done += 1
        }
        queue.removeFirst(done)
        for (minute, activities) in ranked.sorted(by: { $0.key < $1.key }) where goesOn {
            goesOn = await rank(activities, minute: minute)
        }
        return goesOn
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
