// What accounts did, per minute for 48 hours and per hour for 90 days, and the accounts that did
// the most. `RollupWriter` writes it.

public import Accounting
public import Redis

extension ControlStore {
    public var rollups: Rollups { Rollups(redis: redis, keys: keys) }
}

public struct Rollups: Sendable {
    /// The number of fields in a key beyond which new functions are counted as others.
    static let maximumFields = 1_000
    /// The number of accounts in a ranking, while its period runs and afterwards. An account that
    /// was dropped counts from 0 when it comes again.
    static let maximumRanked = (running: 1_000, past: 100)
    /// How long the rankings of minutes are kept, in ms: 2 hours. Longer ranges are ranked by
    /// hours.
    public static let maximumMinutesRankedMs = 7_200_000

    /// What an account did in one period.
    public struct Point: Equatable, Sendable {
        public let start: Timestamp
        public var activity: Activity
        public var peakPercent: [String: Int]
    }

    /// What an account did over some time.
    public struct History: Equatable, Sendable {
        /// Oldest first; only periods in which something happened.
        public var points: [Point]
        public var functions: [String: Activity]
    }

    public struct Ranked: Equatable, Sendable {
        public let account: Account
        public let amount: Int
    }

    let redis: RedisClient
    let keys: ControlKeys

    /// Redis' clock, which all processes share.
    public var now: Timestamp {
        get async throws(RedisError) { try await redis.now }
    }

    // MARK: Reading

    /// What an account did in the periods that start at or after `from` and before `to`, as far as
    /// they are kept.
    /// - Parameters:
    ///   - account: the account.
    ///   - from: the start of the range.
    ///   - to: its end.
    ///   - step: minutes or hours.
    ///   - function: only this function; nil: all.
    public func history(
        of account: Account, from: Timestamp, to: Timestamp, step: RollupStep, function: String? = nil
    ) async throws(RedisError) -> History {
        var points: [Int: Point] = [:]
        var functions: [String: Activity] = [:]
        let periods = step.periods(from: from, to: to)
        for span in Set(periods.lazy.map { $0 / step.periodsPerKey }).sorted() {
            let fields = try await redis.call(["HGETALL", keys.rollups(step, span, of: account)])
            for (field, value) in try fields.pairs {
                guard case .bulk(let series) = value, let counted = RollupField(field: try field.text) else {
                    continue
                }
                for (offset, amount) in RollupSeries(series) {
                    let period = span * step.periodsPerKey + offset
                    guard periods.contains(period) else { continue }
                    if let name = counted.function {
                        guard function == nil || name == function else { continue }
                        counted.add(amount, to: &functions[name, default: Activity()])
                    }
                    guard counted.function == function else { continue }
                    let start = step.start(ofPeriod: period)
                    counted.add(
                        amount,
                        to: &points[
                            period, default: Point(start: start, activity: Activity(), peakPercent: [:])])
                }
            }
        }
        return History(points: points.sorted { $0.key < $1.key }.map(\.value), functions: functions)
    }

    /// The accounts that did the most, in the minutes that start at or after `from` and before `to`
    /// if all of them lie within the last ``maximumMinutesRankedMs``, otherwise in the hours that
    /// this range touches. At least the first 100 of each period are read, so sums over periods are
    /// exact for accounts that are among them in each.
    /// - Parameters:
    ///   - measure: what to rank by.
    ///   - from: the start of the range.
    ///   - to: its end.
    ///   - limit: the maximum number of accounts, 1 to 1,000.
    public func top(
        by measure: RankingKey, from: Timestamp, to: Timestamp, limit: Int
    ) async throws(RedisError) -> [Ranked] {
        let step: RollupStep = try await now - from <= Self.maximumMinutesRankedMs ? .minute : .hour
        let from = step == .hour ? step.start(ofPeriod: step.period(at: from)) : from
        var amounts: [String: Int] = [:]
        for period in step.periods(from: from, to: to) {
            let ranked = try await redis.call([
                "ZRANGE", keys.ranking(measure, step, period), "0", String(max(100, 10 * limit) - 1), "REV",
                "WITHSCORES",
            ])
            for (account, score) in try ranked.pairs {
                let (name, amount) = (try account.text, try score.integer)
                amounts[name] =
                    measure == .percent ? max(amounts[name] ?? 0, amount) : amounts[name, default: 0] + amount
            }
        }
        return amounts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(limit).compactMap {
            name, amount in
            Account(name).map { Ranked(account: $0, amount: amount) }
        }
    }

    // MARK: Writing

    /// Adds what accounts did within a minute, without amounts of 0. It must not be repeated,
    /// because it would count twice.
    /// - Returns: the error of each activity, in their order; nil: none.
    func add(_ activities: [MinuteActivity]) async -> [RedisError?] {
        let stays = [RollupStep.minute.keyStayMs, RollupStep.hour.keyStayMs].map { String($0) }
        var runs: [(keys: [String], arguments: [String])] = []
        var counted: [Int] = []
        for (index, part) in activities.enumerated() {
            let fields = RollupField.fields(of: part.activity)
            guard !fields.isEmpty else { continue }
            let (hour, minute) = part.minute.quotientAndRemainder(
                dividingBy: RollupStep.minute.periodsPerKey)
            let (day, hourOfDay) = hour.quotientAndRemainder(dividingBy: RollupStep.hour.periodsPerKey)
            var arguments = [String(minute), String(hourOfDay)] + stays
            arguments += [String(Self.maximumFields), AccountActivity.otherFunctions]
            for (field, amount) in fields {
                arguments.append(field)
                arguments.append(String(amount))
            }
            let keys = [
                keys.rollups(.minute, hour, of: part.account), keys.rollups(.hour, day, of: part.account),
            ]
            runs.append((keys, arguments))
            counted.append(index)
        }
        var errors = [RedisError?](repeating: nil, count: activities.count)
        for (index, result) in zip(counted, await redis.run(Self.countScript, runs)) {
            if case .failure(let error) = result { errors[index] = error }
        }
        return errors
    }

    /// Adds what accounts did within a minute to the rankings.
    /// - Parameters:
    ///   - activities: each of a different account.
    ///   - minute: the number of the minute, counted from 1970.
    func rank(_ activities: [(Account, AccountActivity)], minute: Int) async throws(RedisError) {
        let hour = minute / RollupStep.minute.periodsPerKey
        let measures = RankingKey.allCases
        _ = try await redis.run(
            Self.rankScript,
            keys: measures.flatMap { measure in
                [(RollupStep.minute, minute), (.minute, minute - 1), (.hour, hour), (.hour, hour - 1)].map {
                    keys.ranking(measure, $0, $1)
                }
            },
            arguments: [
                String(Self.maximumRanked.running), String(Self.maximumRanked.past),
                String(Self.maximumMinutesRankedMs + 2 * RollupStep.minute.lengthMs),
                String(RollupStep.hour.keptMs + RollupStep.hour.lengthMs),
                String(measures.firstIndex(of: .percent)! + 1),
            ]
                + activities.flatMap { account, activity in
                    [account.name] + measures.map { String($0.amount(of: activity)) }
                })
    }

    private static let countScript = RedisScript(
        String(decoding: PackageResources.count_lua, as: UTF8.self))
    private static let rankScript = RedisScript(
        String(decoding: PackageResources.rank_lua, as: UTF8.self))
}
