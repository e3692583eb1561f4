// What is asked of one server of the URL, not of the one that has a key: for `stint doctor`.

import NIOCore

extension RedisClient {
    /// The servers of the URL, as far as they are known now.
    public struct Servers: Sendable {
        public let primaries: [Topology.Primary]
        /// The replicas that the map of a cluster names.
        public let mappedReplicas: [RedisURL.Address]
        /// How many slots of a cluster no node has.
        public let missingSlotCount: Int
        /// Why commands about some keys cannot be sent now; nil: they can.
        public let absence: String?
    }

    public var servers: Servers {
        get async throws {
            try await eventLoop.submit { [topology] in
                let topology = topology.value
                var absence = topology.absence
                if case .single(let link) = topology { absence = link.absence }
                return Servers(
                    primaries: topology.primaries, mappedReplicas: topology.mappedReplicas,
                    missingSlotCount: topology.missingSlotCount, absence: absence)
            }.get()
        }
    }

    /// Sends one command to one of the primaries, whatever its key is.
    /// - Throws: ``RedisError``, also for a reply that is an error.
    public func call(
        _ arguments: [String], at address: RedisURL.Address
    ) async throws(RedisError) -> RedisReply {
        try await timed(arguments, at: address).reply
    }

    /// The clock of one of the primaries, with the time that the question took.
    /// - Returns: ms since 1970 and the round trip; the clock was read somewhere within it.
    /// - Throws: ``RedisError``.
    public func serverTimeMs(
        at address: RedisURL.Address
    ) async throws(RedisError) -> (timeMs: Int, roundTrip: Duration) {
        let (reply, roundTrip) = try await timed(["TIME"], at: address)
        return (try reply.timeMs, roundTrip)
    }

    /// The times that a primary takes to answer `PING`, one after the other.
    /// - Parameter count: how many are sent; the rest is left out after an error.
    public func roundTrips(
        _ count: Int, at address: RedisURL.Address
    ) async -> (times: [Duration], failure: RedisError?) {
        var times: [Duration] = []
        for _ in 0..<count {
            do throws(RedisError) {
                times.append(try await timed(["PING"], at: address).roundTrip)
            } catch {
                return (times, error)
            }
        }
        return (times, nil)
    }

    /// Measured on the event loop, so that other tasks of the process do not count.
    private func timed(
        _ arguments: [String], at address: RedisURL.Address
    ) async throws(RedisError) -> (reply: RedisReply, roundTrip: Duration) {
        let result: (Result<RedisReply, any Error>, Duration)
        do {
            result = try await eventLoop.flatSubmit { [eventLoop, topology] in
                guard let link = topology.value.link(at: address) else {
                    return eventLoop.makeFailedFuture(RedisFailure.notSent("\(address) is not a primary now"))
                }
                let began = eventLoop.now
                let reply = link.call(arguments)
                link.flush()
                return reply.map { Result<RedisReply, any Error>.success($0) }
                    .flatMapErrorThrowing { .failure($0) }
                    .map { ($0, Duration.nanoseconds((eventLoop.now - began).nanoseconds)) }
            }.get()
        } catch {
            result = (.failure(error), .zero)
        }
        return (try Self.reply(result.0).get(), result.1)
    }
}
