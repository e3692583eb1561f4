// The decoder of the control plane's requests. It decodes nothing after a connection's last one.

import HTTPRequests
import NIOCore
import NIOHTTP1

final class AdminDecoder: ByteToMessageDecoder {
    typealias InboundOut = HTTPServerRequestPart

    private var decoder: RenewedDecoder
    private let connection: AdminConnection

    init(for connection: AdminConnection, maximumHeaderBytes: Int) {
        decoder = RenewedDecoder(maximumHeaderBytes: maximumHeaderBytes)
        self.connection = connection
    }

    func decoderAdded(context: ChannelHandlerContext) { decoder.added(to: context) }

    func decoderRemoved(context: ChannelHandlerContext) { decoder.removed(from: context) }

    func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        guard connection.acceptsRequests else {
            buffer.moveReaderIndex(to: buffer.writerIndex)
            return .needMoreData
        }
        connection.bytesArrive()
        try decoder.decode(&buffer, in: context) { connection.offerHasEnded() }
        return .needMoreData
    }

    func decodeLast(
        context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool
    ) throws -> DecodingState {
        guard connection.acceptsRequests else {
            buffer.moveReaderIndex(to: buffer.writerIndex)
            return .needMoreData
        }
        return try decoder.decodeLast(&buffer, in: context, seenEOF: seenEOF)
    }
}
