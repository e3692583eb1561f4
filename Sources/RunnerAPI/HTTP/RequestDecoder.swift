// Decodes requests: plain ones with `PlainRequest`, all others with NIO's decoder for HTTP/1. It
// reports to the connection when the first byte of a request came, and decodes nothing after the
// last request.

import HTTPRequests
import NIOCore
import NIOHTTP1

final class RequestDecoder: ByteToMessageDecoder {
    typealias InboundOut = HTTPServerRequestPart

    private var decoder: RenewedDecoder
    private let connection: Connection
    private let bounds: PlainRequest.Bounds
    /// NIO's decoder holds no part of a request, so the next request may be plain.
    private var isBetweenRequests = true

    /// - Parameters:
    ///   - connection: receives the requests.
    ///   - maximumHeaderBytes: the most bytes of request line and header fields.
    ///   - maximumBodyBytes: the most bytes of a plain request's body. The connection checks the
    ///     bodies that NIO's decoder reads.
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
        // The decoder does not report that it has begun to read a method. No method ends like this.
        let isEnd = last == UInt8(ascii: "}") || last == UInt8(ascii: "\n")
        isBetweenRequests = isEnd && buffer.readableBytes == 0 && connection.isBetweenRequests
        return .needMoreData
    }

    /// - Returns: how many bytes are done with: all, if the connection accepts no further request.
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
