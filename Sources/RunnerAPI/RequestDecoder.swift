// NIO's HTTP/1 request decoder, with what the connection must know about the bytes that go into it: when the
// first byte of a request came, and that after its last request nothing is decoded any more.

import NIOCore
import NIOHTTP1

final class RequestDecoder: ByteToMessageDecoder {
    typealias InboundOut = HTTPServerRequestPart

    private let decoder: HTTPRequestDecoder
    private let connection: Connection

    /// Header fields of a request, trailers among them.
    static let maximumFields = 100

    /// - Parameter maximumHeaderBytes: of request line and header fields.
    init(for connection: Connection, maximumHeaderBytes: Int) {
        self.connection = connection
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = maximumHeaderBytes
        limits.maxHeaderListSize = maximumHeaderBytes
        limits.maxHeaderFieldCount = Self.maximumFields
        decoder = HTTPRequestDecoder(limitConfiguration: limits)
    }

    func decoderAdded(context: ChannelHandlerContext) { decoder.decoderAdded(context: context) }

    func decoderRemoved(context: ChannelHandlerContext) { decoder.decoderRemoved(context: context) }

    func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        guard connection.bytesArrive() else {
            buffer.moveReaderIndex(to: buffer.writerIndex)
            return .needMoreData
        }
        let state = try decoder.decode(context: context, buffer: &buffer)
        if buffer.readableBytes > 0 { connection.bytesRemain() }
        return state
    }

    func decodeLast(
        context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool
    ) throws -> DecodingState {
        guard connection.acceptsRequests else {
            buffer.moveReaderIndex(to: buffer.writerIndex)
            return .needMoreData
        }
        return try decoder.decodeLast(context: context, buffer: &buffer, seenEOF: seenEOF)
    }
}
