// Questions to servers that have no link: each sentinel of a URL, and replicas. Each gets a
// connection of its own, with the deadline for connecting.

public import NIOCore

/// Asks servers one by one what they know. It leaves no connection open.
public enum ServerSurvey {
    /// What a sentinel says of the primary of a URL.
    public struct Sentinel: Sendable, Equatable {
        public let address: RedisURL.Address
        /// The server that it names; nil: none.
        public let primary: RedisURL.Address?
        /// Why it names none.
        public let failure: String?
        /// How many sentinels must find the primary down; nil: it does not say.
        public let quorum: Int?
        /// How many sentinels know of each other, this one included; nil: it does not say.
        public let sentinelCount: Int?
        /// After how long without an answer it finds a server down, in ms; nil: it does not say.
        public let downAfterMs: Int?
        /// What it holds the primary for, such as `master` or `s_down,master`; nil: it does not
        /// say.
        public let flags: String?
    }

    /// Asks each sentinel of the URL.
    /// - Parameters:
    ///   - settings: their URL must be that of sentinels.
    ///   - eventLoop: where it is done.
    /// - Returns: one for each address of the URL, in their order; none if it has no sentinels.
    public static func sentinels(
        _ settings: RedisSettings, on eventLoop: any EventLoop
    ) async throws -> [Sentinel] {
        guard case .sentinel(let name) = settings.url.deployment else { return [] }
        return try await eventLoop.flatSubmit {
            let answers = settings.url.addresses.map { address in
                ask(
                    SentinelAnswer.commands(for: name), with: settings.ofSentinel(at: address), on: eventLoop
                ).map { sentinel(address, $0) }
            }
            return EventLoopFuture.whenAllSucceed(answers, on: eventLoop)
        }.get()
    }

    private static func sentinel(
        _ address: RedisURL.Address, _ replies: Result<[RedisReply], SurveyFailure>
    ) -> Sentinel {
        func sentinel(_ primary: RedisURL.Address?, _ failure: String?, _ fields: RedisReply?) -> Sentinel {
            func number(_ name: String) -> Int? {
                fields?.value(of: name).flatMap { ServerInfo.number($0) }
            }
            return Sentinel(
                address: address, primary: primary, failure: failure, quorum: number("quorum"),
                sentinelCount: number("num-other-sentinels").map { $0 + 1 },
                downAfterMs: number("down-after-milliseconds"), flags: fields?.value(of: "flags"))
        }
        switch replies {
        case .failure(let failure): return sentinel(nil, failure.reason, nil)
        case .success(let replies):
            switch SentinelAnswer(replies, from: address) {
            case .primary(let primary, _): return sentinel(primary, nil, replies.last)
            case .unknownName: return sentinel(nil, "it knows no primary of that name", nil)
            case .none(let reason): return sentinel(nil, reason, nil)
            }
        }
    }

    /// Asks a server for `INFO`, as the user of the URL.
    /// - Parameters:
    ///   - address: a replica, as its primary or the map of a cluster names it.
    ///   - settings: of the URL that led there.
    ///   - eventLoop: where it is done.
    public static func info(
        of address: RedisURL.Address, _ settings: RedisSettings, on eventLoop: any EventLoop
    ) async throws -> Result<ServerInfo, SurveyFailure> {
        var settings = settings
        settings.url = settings.url.at(address)
        let asked = settings
        let replies = try await eventLoop.flatSubmit { ask([["INFO"]], with: asked, on: eventLoop) }.get()
        return replies.flatMap { replies in
            if case .error(let text)? = replies.first {
                return .failure(SurveyFailure(reason: "INFO was refused: \(ErrorReply(text).text)"))
            }
            guard let info = replies.first.flatMap({ ServerInfo($0) }) else {
                return .failure(SurveyFailure(reason: "its reply is not that of INFO"))
            }
            return .success(info)
        }
    }

    /// Connects, asks, and closes.
    private static func ask(
        _ commands: [[String]], with settings: RedisSettings, on eventLoop: any EventLoop
    ) -> EventLoopFuture<Result<[RedisReply], SurveyFailure>> {
        let promise = eventLoop.makePromise(of: Result<[RedisReply], SurveyFailure>.self)
        var replies: [RedisReply] = []
        var connection: SentinelConnection?
        let opened = SentinelConnection(
            eventLoop: eventLoop, settings: settings, commands: commands,
            onReply: { reply in
                replies.append(reply)
                guard replies.count == commands.count else { return }
                connection?.close()
                connection = nil
                promise.succeed(.success(replies))
            },
            onEnd: { reason in
                connection = nil
                promise.succeed(.failure(SurveyFailure(reason: reason)))
            })
        connection = opened
        opened.open(with: Dialer(settings: settings, eventLoop: eventLoop))
        return promise.futureResult
    }
}

/// Why a server that was asked has not answered. The text is for people.
public struct SurveyFailure: Error, Sendable, Equatable {
    public let reason: String

    public init(reason: String) { self.reason = reason }
}
