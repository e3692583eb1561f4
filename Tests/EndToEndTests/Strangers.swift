// Connections of a hostile client: each sends a few bytes, perhaps some more slowly, and stays
// open.

import Glibc
import NIOCore
import NIOPosix
import Synchronization

final class Strangers: Sendable {
    private let port: Int
    private let beginning: String
    private let isReading: Bool
    private let channels = Mutex<[any Channel]>([])

    /// Connects so many, one after the other; afterwards they all leave.
    /// - Parameters:
    ///   - beginning: what each says at once.
    ///   - isReading: whether it reads what it is answered. If not, the network takes little of it.
    static func connected<Result>(
        _ count: Int, to port: Int, saying beginning: String = "", isReading: Bool = true,
        isolation: isolated (any Actor)? = #isolation,
        _ body: (Strangers) async throws -> Result
    ) async throws -> Result {
        let strangers = Strangers(port: port, saying: beginning, isReading: isReading)
        defer { for channel in strangers.channels.withLock({ $0 }) { channel.close(promise: nil) } }
        try await strangers.join(count)
        return try await body(strangers)
    }

    private init(port: Int, saying beginning: String, isReading: Bool) {
        self.port = port
        self.beginning = beginning
        self.isReading = isReading
    }

    /// More of them come.
    /// - Parameter beginning: what each says at once, if not what all say.
    func join(_ count: Int, saying beginning: String? = nil) async throws {
        let beginning = beginning ?? self.beginning
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        if !isReading {
            bootstrap = bootstrap.channelOption(.autoRead, value: false)
                .channelOption(.socketOption(.so_rcvbuf), value: 4_096)
                .channelOption(.tcpOption(.init(rawValue: TCP_MAXSEG)), value: 536)
        }
        for _ in 0..<count {
            let channel = try await bootstrap.connect(host: "127.0.0.1", port: port).get()
            channels.withLock { $0.append(channel) }
            if !beginning.isEmpty { channel.writeAndFlush(ByteBuffer(string: beginning), promise: nil) }
        }
    }

    /// How many have not been sent away.
    var present: Int { channels.withLock { $0.count(where: \.isActive) } }

    /// One more byte of each.
    func drip() {
        for channel in channels.withLock({ $0 }) {
            channel.writeAndFlush(ByteBuffer(string: " "), promise: nil)
        }
    }
}
