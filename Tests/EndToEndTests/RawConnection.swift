// HTTP as bytes over one TCP connection, for what a well-behaved client cannot show.

import NIOCore
import NIOPosix

struct RawConnection {
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var unread = ""

    static func open<Result>(
        port: Int, isolation: isolated (any Actor)? = #isolation,
        _ body: (inout RawConnection) async throws -> Result
    ) async throws -> Result {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            var connection = RawConnection(inbound: inbound.makeAsyncIterator(), outbound: outbound)
            return try await body(&connection)
        }
    }

    private init(
        inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.inbound = inbound
        self.outbound = outbound
    }

    func send(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

    /// The next whole reply.
    mutating func reply() async throws -> String {
        while true {
            if let head = unread.firstRange(of: "\r\n\r\n"),
                let length = unread[..<head.lowerBound].firstMatch(of: /Content-Length: (\d+)/)
                    .flatMap({ Int($0.output.1) }),
                unread[head.upperBound...].utf8.count >= length
            {
                let end = unread.utf8.index(head.upperBound, offsetBy: length)
                defer { unread.removeSubrange(..<end) }
                return String(unread[..<end])
            }
            guard let bytes = try await inbound.next() else {
                throw Unexpected("closed before a whole reply: \(unread)")
            }
            unread += String(buffer: bytes)
        }
    }

    /// Everything up to the server's close.
    mutating func rest() async throws -> String {
        while let bytes = try await inbound.next() { unread += String(buffer: bytes) }
        return unread
    }
}
