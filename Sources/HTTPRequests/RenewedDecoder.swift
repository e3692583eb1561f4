// NIO's decoder of HTTP/1 requests, with the bounds of this service, and without its end at an
// offer to upgrade. Both APIs read with it.

public import NIOCore
import NIOHTTP1

/// Decodes requests one after the other, whatever protocol they offer to go on with.
///
/// NIO's decoder is spent at the end of a request that offers an upgrade, because another protocol
/// might follow. Nobody here ever accepts, so HTTP follows (RFC 9110, section 7.8), and a new
/// decoder reads it.
public struct RenewedDecoder {
    /// Header fields of a request, trailers among them.
    public static let maximumFields = 100

    private let limits: NIOHTTPDecoderLimitConfiguration
    private var decoder: HTTPRequestDecoder

    /// - Parameter maximumHeaderBytes: of request line and header fields.
    public init(maximumHeaderBytes: Int) {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = maximumHeaderBytes
        limits.maxHeaderListSize = maximumHeaderBytes
        limits.maxHeaderFieldCount = Self.maximumFields
        self.limits = limits
        decoder = HTTPRequestDecoder(limitConfiguration: limits)
    }

    public func added(to context: ChannelHandlerContext) { decoder.decoderAdded(context: context) }

    public func removed(from context: ChannelHandlerContext) { decoder.decoderRemoved(context: context) }

    /// Decodes all that can be decoded, and hands it to the next handler.
    /// - Parameter offerHasEnded: whether the request that ended last had
    ///   ``RequestFraming/offersUpgrade``; asked once for each.
    /// - Throws: what NIO's decoder throws.
    public mutating func decode(
        _ buffer: inout ByteBuffer, in context: ChannelHandlerContext, offerHasEnded: () -> Bool
    ) throws {
        repeat {
            _ = try decoder.decode(context: context, buffer: &buffer)
            guard offerHasEnded() else { return }
            decoder.decoderRemoved(context: context)
            decoder = HTTPRequestDecoder(limitConfiguration: limits)
            decoder.decoderAdded(context: context)
        } while buffer.readableBytes > 0
    }

    /// Nothing more comes than what is in the buffer.
    /// - Throws: what NIO's decoder throws.
    public func decodeLast(
        _ buffer: inout ByteBuffer, in context: ChannelHandlerContext, seenEOF: Bool
    ) throws -> DecodingState {
        try decoder.decodeLast(context: context, buffer: &buffer, seenEOF: seenEOF)
    }
}
