// What is wrong with a request as HTTP, in the same words at both APIs.

import NIOCore
import NIOHTTP1
public import WireFormat

extension Problem {
    /// 400: nobody can tell what it asks, or where it ends.
    public static func malformedRequest(_ detail: String) -> Problem {
        Problem(.malformedRequest, detail: detail)
    }

    /// 400: its end never came.
    public static var requestCutShort: Problem {
        .malformedRequest("the request ended before it was complete")
    }

    static var oneHostNeeded: Problem { .malformedRequest("there must be one Host field") }

    static func misdirectedRequest(_ host: Substring) -> Problem {
        Problem(
            .misdirectedRequest,
            detail:
                "\(host) is another's name: without tokens, ask 127.0.0.1, [::1] or localhost, or start Stint with "
                + "--security-tokens FILE")
    }

    static var foreignOrigin: Problem {
        Problem(.foreignOrigin, detail: "a page of another origin must not ask here")
    }

    static var expectationFailed: Problem {
        Problem(.expectationFailed, detail: "Expect must be 100-continue")
    }

    /// What ended the decoding of a connection's requests.
    /// - Returns: nil for errors of the connection, which are nothing to answer.
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
            self = .malformedRequest("the request is not HTTP as RFC 9112 has it")
        default: return nil
        }
    }
}
