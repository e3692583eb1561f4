// JSON texts, and whether a strict reader accepts them: from a public suite, or a few of Stint's
// own.

import Foundation
public import Testing

/// One JSON text and whether a strict reader takes it.
public struct JSONVector: Sendable, CustomTestStringConvertible {
    public enum Expectation: String, Decodable, Sendable { case accept, reject, either }

    public let name: String
    public let expect: Expectation
    public let bytes: [UInt8]

    public var testDescription: String { name }

    public static func all() throws -> [JSONVector] {
        guard let lines = try SharedVectors.data("json-parsing.jsonl") else {
            SharedVectors.say("JSON texts", sample.count, shared: false)
            return sample
        }
        let vectors = try lines.split(separator: UInt8(ascii: "\n")).map { line in
            try JSONDecoder().decode(Record.self, from: line).vector()
        }
        SharedVectors.say("JSON texts", vectors.count, shared: true)
        return vectors
    }

    private struct Record: Decodable {
        let name: String
        let expect: Expectation
        let base64: String?
        let `repeat`: String?
        let times: Int?

        func vector() throws -> JSONVector {
            if let base64, let data = Data(base64Encoded: base64) {
                return JSONVector(name: name, expect: expect, bytes: Array(data))
            }
            guard let text = `repeat`, let times else { throw CocoaError(.coderReadCorrupt) }
            return JSONVector(
                name: name, expect: expect, bytes: Array(String(repeating: text, count: times).utf8))
        }
    }

    private static let sample: [JSONVector] =
        [
            "{}", "[]", "\"\"", "42", "-0.1", "true", " [1, 2] \n", #"{"a":"b","a":"c"}"#, "[123.456e78]",
            "[1E-2]",
            #"["\uD801\udc37"]"#, #"["\u0012\/\b"]"#, "[\"\u{2028}\u{7F}\"]", "[null, 1, \"1\", {}]",
        ].map { JSONVector(name: $0, expect: .accept, bytes: Array($0.utf8)) }
        + [
            "", " ", "[1,]", "[,1]", "[1 true]", "[\"\"],", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "[01]", "[-]",
            "[1.]",
            "[.1]", "[1e]", "[+1]", "[0x1]", "[NaN]", "[True]", "nul", "[\"a", "[\"\\x\"]", "[\"\\u00A\"]",
            "[\"\t\"]", "[1]x", "{\"a\":1 \"b\":2}", "\u{FEFF}{}", "['a']", "[/**/]", "{}}", "{", "[1",
            String(repeating: "[", count: 100_000),
        ].map { JSONVector(name: String($0.prefix(20)), expect: .reject, bytes: Array($0.utf8)) }
        + [
            JSONVector(name: "overlong", expect: .reject, bytes: [0x22, 0xC0, 0xAF, 0x22]),
            JSONVector(name: "UTF-16", expect: .reject, bytes: [0x5B, 0, 0x5D, 0]),
        ]
}
