// Asks a Redis on a Unix socket whether it answers yet. Used while the embedded one starts;
// everything else that is said to Redis goes through the ledger's own connections.

import NIOCore
import NIOPosix

enum RedisPing {
    /// One PING is given this long.
    static let deadline: TimeAmount = .milliseconds(250)

    /// Whether the server answers PONG; one that is still loading its data does not.
    static func answers(at socketPath: String) async -> Bool {
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(deadline)
                .connect(unixDomainSocketPath: socketPath) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    }
                }
            // A server that has stopped never answers; closing the channel ends the wait below.
            let timer = channel.channel.eventLoop.scheduleTask(in: deadline) {
                channel.channel.close(promise: nil)
            }
            defer { timer.cancel() }
            return try await channel.executeThenClose { inbound, outbound in
                try await outbound.write(ByteBuffer(string: "PING\r\n"))
                var reply = ByteBuffer()
                for try await part in inbound {
                    reply.writeImmutableBuffer(part)
                    if reply.readableBytes >= 7 { break }
                }
                return String(buffer: reply).hasPrefix("+PONG\r\n")
            }
        } catch {
            return false
        }
    }
    /// Asks every few milliseconds until it answers.
    /// - Returns: whether it did within `patience`; false also when the wait was cancelled.
    static func waitForAnswer(at socketPath: String, within timeout: Duration) async -> Bool {
        let deadline = ContinuousClock.now.advanced(by: timeout)
        while ContinuousClock.now < deadline, !Task.isCancelled {
            if await answers(at: socketPath) { return true }
            do { try await Task.sleep(for: .milliseconds(10)) } catch { return false }
        }
        return false
    }
}
