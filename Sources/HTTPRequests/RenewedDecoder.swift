// NIO's decoder of HTTP/1 requests, with the bounds of this service, which continues after an offer
// to upgrade. Both APIs use it.

public import NIOCore
import NIOHTTP1

/// Decodes one request after another, whatever protocol they offer to upgrade to.
///
/// NIO's decoder is unusable after a request that offers an upgrade, because another protocol might
/// follow. Stint never accepts the offer, so HTTP follows (RFC 9110, section 7.8), and a new
/// decoder reads it.
public struct RenewedDecoder {
    /// The maximum number of header fields of a request, including trailers.
    public static let maximumFields = 100

    private let limits: NIOHTTPDecoderLimitConfiguration
    private var decoder: HTTPRequestDecoder

    /// - Parameter maximumHeaderBytes: of the request line and the header fields.
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

    /// Decodes everything that can be decoded, and passes it to the next handler.
    /// - Parameters:
    ///   - buffer: the bytes that were read.
    ///   - context: the context of the handler.
    ///   - offerHasEnded: whether the last complete request had ``RequestFraming/offersUpgrade``;
    ///     called once for each.
    /// - Throws: the error of NIO's decoder.
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

    /// Decodes the rest of the buffer, after which no bytes come.
    /// - Throws: the error of NIO's decoder.
    public func decodeLast(
        _ buffer: inout ByteBuffer, in context: ChannelHandlerContext, seenEOF: Bool
    ) throws -> DecodingState {
        try decoder.decodeLast(context: context, buffer: &buffer, seenEOF: seenEOF)
    }
}
