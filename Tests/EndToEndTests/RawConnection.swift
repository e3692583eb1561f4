// HTTP as bytes over one TCP connection: for requests that a correct client cannot send, and for
// load that must be cheap in a debug build.

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
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(isOutboundHalfClosureEnabled: true))
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

    /// Sends nothing more, and reads on.
    func endInput() { outbound.finish() }

    /// The next whole reply.
    /// - Parameter isToHead: whether it answers HEAD, so that it has no content whatever its length
    ///   says.
    mutating func reply(isToHead: Bool = false) async throws -> String {
        while true {
            if let length = lengthOfReply(isToHead), let reply = unread.readString(length: length) {
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
    private func lengthOfReply(_ isToHead: Bool) -> Int? {
        let text = String(buffer: unread)
        guard let head = text.range(of: "\r\n\r\n") else { return nil }
        let headLength = text.utf8.distance(from: text.startIndex, to: head.upperBound)
        if isToHead || text.hasPrefix("HTTP/1.1 1") { return headLength }
        guard let field = text.range(of: "Content-Length: ", range: text.startIndex..<head.lowerBound),
            let body = Int(text[field.upperBound...].prefix { $0.isNumber })
        else { return nil }
        return headLength + body
    }

    /// Posts JSON.
    /// - Returns: the reply's status.
    mutating func post(_ path: String, _ json: String) async throws -> Int {
        try await send(
            "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
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
