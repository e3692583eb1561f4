// The token that a command sends along: where it comes from, and what is said when it cannot be
// one. It is never shown.

import ArgumentParser
import Foundation
import StintService
import WireFormat

struct TokenOptions: ParsableArguments {
    /// Bytes of a file with a token; more are refused.
    static let longestFile = 4_096

    @Option(
        help: .init(
            "a file with the token to send along (default: STINT_TOKEN_FILE names it, or STINT_TOKEN holds the token)",
            valueName: "file"))
    var tokenFile: String?

    /// The token of the file that `--token-file` names, else that of STINT_TOKEN or of the file
    /// that STINT_TOKEN_FILE names; nil when there is none. White space behind it does not belong
    /// to it.
    func token(
        in environment: [String: String] = Environment.variables
    ) throws(StartError) -> BearerToken? {
        if let tokenFile { return try Self.token(at: tokenFile, namedBy: "--token-file") }
        switch (environment["STINT_TOKEN"], environment["STINT_TOKEN_FILE"]) {
        case (nil, nil): return nil
        case (let text?, nil): return try Self.token(text, from: "STINT_TOKEN")
        case (nil, let path?): return try Self.token(at: path, namedBy: "STINT_TOKEN_FILE")
        case (.some, .some):
            throw StartError(
                description: "STINT_TOKEN and STINT_TOKEN_FILE are both set. Type: unset STINT_TOKEN")
        }
    }

    /// - Parameter origin: where it came from, for the error.
    static func token(_ text: String, from origin: String) throws(StartError) -> BearerToken {
        do throws(BearerTokenError) {
            return try BearerToken(text)
        } catch {
            throw StartError(description: "\(origin): \(error). Type what stint token create has printed")
        }
    }

    private static func token(at path: String, namedBy origin: String) throws(StartError) -> BearerToken {
        let bytes: Data
        do {
            let file = try FileHandle(forReadingFrom: URL(filePath: path))
            bytes = try file.read(upToCount: longestFile + 1) ?? Data()
            try file.close()
        } catch {
            throw StartError(description: "\(origin): \(path) cannot be read: \(error.localizedDescription)")
        }
        guard bytes.count <= longestFile else {
            throw StartError(
                description:
                    "\(origin): \(path) has more than \(longestFile) bytes. Name a file with nothing but a token"
            )
        }
        return try token(String(decoding: bytes, as: UTF8.self), from: "\(origin): \(path)")
    }
}
