// The token that a command sends: its sources, and the errors of an invalid one. It is never shown.

import ArgumentParser
import Foundation
import StintService
import WireFormat

struct TokenOptions: ParsableArguments {
    /// The most bytes of a file with a token.
    static let longestFile = 4_096

    @Option(
        help: .init(
            "a file with the token to send (default: the file in STINT_TOKEN_FILE, or the token in STINT_TOKEN)",
            valueName: "file"))
    var tokenFile: String?

    /// The token in the file that `--token-file` names, else in STINT_TOKEN or in the file that
    /// STINT_TOKEN_FILE names; nil: none. White space after it is ignored.
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

    /// - Parameters:
    ///   - text: the token.
    ///   - origin: its source, for the error.
    static func token(_ text: String, from origin: String) throws(StartError) -> BearerToken {
        do throws(BearerTokenError) {
            return try BearerToken(text)
        } catch {
            throw StartError(description: "\(origin): \(error). Type a token that stint token create printed")
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
                    "\(origin): \(path) has more than \(longestFile) bytes. Name a file with only a token"
            )
        }
        return try token(String(decoding: bytes, as: UTF8.self), from: "\(origin): \(path)")
    }
}
