// The decoder of HTTP/1 requests behind the reader of plain requests, with what the connection must
// know about the bytes: when the first of a request came, and that after its last request nothing
// is decoded any more.

import HTTPRequests
import NIOCore
import NIOHTTP1

final class RequestDecoder: ByteToMessageDecoder {
    typealias InboundOut = HTTPServerRequestPart

    private var decoder: RenewedDecoder
    private let connection: Connection
    private let bounds: PlainRequest.Bounds
    /// NIO's decoder holds nothing of a request that is not complete, so the next one may be plain.
    private var isBetweenRequests = true

    /// - Parameters:
    ///   - maximumHeaderBytes: of request line and header fields.
    ///   - maximumBodyBytes: of a plain request's body; what NIO's decoder reads, the connection
    ///     measures.
    init(for connection: Connection, maximumHeaderBytes: Int, maximumBodyBytes: Int) {
        self.connection = connection
        bounds = PlainRequest.Bounds(
            headBytes: maximumHeaderBytes, fields: RenewedDecoder.maximumFields, bodyBytes: maximumBodyBytes)
        decoder = RenewedDecoder(maximumHeaderBytes: maximumHeaderBytes)
    }

    func decoderAdded(context: ChannelHandlerContext) { decoder.added(to: context) }

    func decoderRemoved(context: ChannelHandlerContext) { decoder.removed(from: context) }

    func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        guard connection.bytesArrive() else {
            buffer.moveReaderIndex(to: buffer.writerIndex)
            return .needMoreData
        }
        // Plain requests carry no token.
        if isBetweenRequests, !connection.needsTokens {
            let count = readPlainRequests(from: buffer.readableBytesUInt8Span)
            buffer.moveReaderIndex(forwardBy: count)
            guard buffer.readableBytes > 0 else { return .needMoreData }
        }
        let last = buffer.getInteger(at: buffer.writerIndex - 1, as: UInt8.self)
        isBetweenRequests = false
        try decoder.decode(&buffer, in: context) { connection.offerHasEnded() }
        if buffer.readableBytes > 0 { connection.bytesRemain() }
        // The decoder does not tell when it has begun to read a method. No method ends like this.
        let isEnd = last == UInt8(ascii: "}") || last == UInt8(ascii: "\n")
        isBetweenRequests = isEnd && buffer.readableBytes == 0 && connection.isBetweenRequests
        return .needMoreData
    }

    /// - Returns: how many bytes are of no further use: all when the connection accepts no other
    ///   request.
    private func readPlainRequests(from bytes: Span<UInt8>) -> Int {
        var place = 0
        while connection.acceptsRequests {
            guard let request = PlainRequest(in: bytes, from: place, within: bounds),
                connection.accepts(host: bytes.extracting(request.host))
            else { return place }
            connection.receive(request, in: bytes)
            place = request.body.upperBound
        }
        return bytes.count
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
