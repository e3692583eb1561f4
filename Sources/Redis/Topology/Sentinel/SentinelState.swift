// Which server the sentinels have named as the primary, and whom to ask next: decided without I/O
// and without a clock. `SentinelLinks` asks, and connects to the server.
//
// Sentinels may disagree for a few seconds after a failover, or for as long as one is cut off from
// the others. Each failover has a number, its config epoch. So what is known is given up only for
// an answer with a higher one, or for one that no sentinel contradicts for some time: new sentinels
// count from 0.

/// The state of a search for the primary. A round asks each sentinel once at most, and ends with
/// the first answer that settles it.
struct SentinelState {
    /// How many rounds in a row may only have older answers before they are believed. While the
    /// primary works they come once a second, and sentinels inform each other within two.
    static let maximumContradictions = (ready: 4, away: 2)

    /// What to do after an answer.
    enum Step: Equatable {
        case ask(RedisURL.Address)
        /// The round is over; the server is the primary.
        case follow(RedisURL.Address)
        /// The round is over, and nothing changes.
        case stay
    }

    let name: String
    let sentinels: [RedisURL.Address]
    /// The server that was named last.
    private(set) var primary: RedisURL.Address?
    /// Why the last round named no server; nil: it did.
    private(set) var absence: String?

    /// The config epoch of ``primary``.
    private var configEpoch = 0
    /// Whose turn it is, to be asked and to be listened to.
    private var turn = 0
    private var listeningTurn = 0

    /// The sentinels that this round may still ask.
    private var left = 0
    private var knowsName = true
    private var lastReason = ""
    /// The newest answer of this round that is about another server and not newer than what is
    /// known.
    private var older: (server: RedisURL.Address, configEpoch: Int)?
    private var contradictions = 0

    init(name: String, sentinels: [RedisURL.Address]) {
        self.name = name
        self.sentinels = sentinels
        absence = "no sentinel of \(Self.list(sentinels)) has answered yet"
    }

    /// Begins a round.
    /// - Returns: which sentinel to ask.
    mutating func begin() -> RedisURL.Address {
        left = sentinels.count
        knowsName = true
        lastReason = ""
        older = nil
        return next()
    }

    private mutating func next() -> RedisURL.Address {
        left -= 1
        turn += 1
        return sentinels[(turn - 1) % sentinels.count]
    }

    /// Handles the answer of the sentinel that was asked last.
    /// - Parameter isReady: whether ``primary`` takes commands now.
    mutating func receive(_ answer: SentinelAnswer, isReady: Bool) -> Step {
        switch answer {
        case .primary(let server, let configEpoch):
            if primary == nil || server == primary || configEpoch > self.configEpoch {
                return settle(on: server, configEpoch: max(configEpoch, self.configEpoch))
            }
            if configEpoch >= older?.configEpoch ?? 0 { older = (server, configEpoch) }
        case .unknownName: knowsName = false
        case .none(let reason): lastReason = reason
        }
        return left > 0 ? .ask(next()) : giveUp(isReady: isReady)
    }

    private mutating func settle(on server: RedisURL.Address, configEpoch: Int) -> Step {
        primary = server
        self.configEpoch = configEpoch
        absence = nil
        contradictions = 0
        return .follow(server)
    }

    /// No sentinel named the primary, or a newer one.
    private mutating func giveUp(isReady: Bool) -> Step {
        if let older {
            contradictions += 1
            let maximum = Self.maximumContradictions
            guard contradictions >= (isReady ? maximum.ready : maximum.away) else { return .stay }
            let step = settle(on: older.server, configEpoch: older.configEpoch)
            // Until a sentinel names this server again.
            contradictions = 1
            return step
        }
        let list = Self.list(sentinels)
        absence =
            knowsName
            ? "no sentinel of \(list) answers\(lastReason.isEmpty ? "" : " (the last: \(lastReason))")"
            : "the sentinels know no primary called \(name) (\(list))"
        return .stay
    }

    /// Whether the last round left a doubt, so that the next one comes soon.
    var isUnsettled: Bool { contradictions > 0 || absence != nil }

    /// A sentinel announced the primary. That is news of this moment, unlike an answer. Its config
    /// epoch is not known yet, but higher than the one before, so older answers stay older.
    mutating func announced(_ server: RedisURL.Address) -> Step {
        settle(on: server, configEpoch: configEpoch)
    }

    /// The sentinel to listen to.
    var announcer: RedisURL.Address { sentinels[listeningTurn % sentinels.count] }

    /// The one that was listened to does not answer.
    /// - Returns: whether all have failed once since the last time it returned true.
    mutating func loseAnnouncer() -> Bool {
        listeningTurn += 1
        return listeningTurn.isMultiple(of: sentinels.count)
    }

    private static func list(_ addresses: [RedisURL.Address]) -> String {
        addresses.map(\.description).joined(separator: ",")
    }
}
