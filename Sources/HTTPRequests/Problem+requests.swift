// The problems of a request as HTTP, with the same texts in both APIs.

import NIOCore
import NIOHTTP1
public import WireFormat

extension Problem {
    /// 400: the request cannot be understood, or its end is unknown.
    public static func malformedRequest(_ detail: String) -> Problem {
        Problem(.malformedRequest, detail: detail)
    }

    /// 400: the end of the request never came.
    public static var requestCutShort: Problem {
        .malformedRequest("the request ended before it was complete")
    }

    static var oneHostNeeded: Problem { .malformedRequest("there must be one Host field") }

    static func misdirectedRequest(_ host: Substring) -> Problem {
        Problem(
            .misdirectedRequest,
            detail:
                "\(host) is not this machine: without tokens, use 127.0.0.1, [::1] or localhost, or start Stint with "
                + "--security-tokens FILE")
    }

    static var foreignOrigin: Problem {
        Problem(.foreignOrigin, detail: "requests from pages of another origin are rejected")
    }

    static var expectationFailed: Problem {
        Problem(.expectationFailed, detail: "Expect must be 100-continue")
    }

    /// The problem that ended the decoding of a connection's requests.
    /// - Returns: nil for errors of the connection, which get no reply.
    public init?(decoding error: any Error, maximumHeaderBytes: Int) {
        switch error {
        case HTTPParserError.headerOverflow, is ByteToMessageDecoderError.PayloadTooLargeError:
            self.init(
                .headersTooLarge,
                detail:
                    "the request line and header fields must be at most \(maximumHeaderBytes) bytes and "
                    + "\(RenewedDecoder.maximumFields) fields")
        case HTTPParserError.invalidVersion:
            self.init(.versionNotSupported, detail: "the protocol must be HTTP/1.1 or HTTP/1.0")
        case HTTPParserError.invalidEOFState: self = .requestCutShort
        case is HTTPParserError, is ByteToMessageDecoderError:
            self = .malformedRequest("the request is not HTTP (RFC 9112)")
        default: return nil
        }
    }
}
