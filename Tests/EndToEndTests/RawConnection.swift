// HTTP as bytes over one TCP connection: for what a well-behaved client cannot show, and for load that must cost
// little in a debug build.

import Foundation
import NIOCore
import NIOPosix

struct RawConnection {
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var unread = ByteBuffer()

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
            if let length = lengthOfReply, let reply = unread.readString(length: length) {
                unread.discardReadBytes()
                return reply
            }
            guard let bytes = try await inbound.next() else {
                throw Unexpected("closed before a whole reply: \(String(buffer: unread))")
            }
            unread.writeImmutableBuffer(bytes)
        }
    }

    /// The bytes of the first reply, once its head is there.
    private var lengthOfReply: Int? {
        let text = String(buffer: unread)
        guard let head = text.range(of: "\r\n\r\n"),
            let field = text.range(of: "Content-Length: ", range: text.startIndex..<head.lowerBound),
            let body = Int(text[field.upperBound...].prefix { $0.isNumber })
        else { return nil }
        return text.utf8.distance(from: text.startIndex, to: head.upperBound) + body
    }

    /// Posts JSON.
    /// - Returns: the reply's status.
    mutating func post(_ path: String, _ json: String) async throws -> Int {
        try await send(
            "POST \(path) HTTP/1.1\r\nHost: stint\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(json.utf8.count)\r\n\r\n\(json)")
        let reply = try await reply()
        guard let status = Int(reply.dropFirst("HTTP/1.1 ".count).prefix(3)) else {
            throw Unexpected("no status: \(reply)")
        }
        return status
    }

    /// Everything up to the server's close.
    mutating func rest() async throws -> String {
        while let bytes = try await inbound.next() { unread.writeImmutableBuffer(bytes) }
        return String(buffer: unread)
    }
}
