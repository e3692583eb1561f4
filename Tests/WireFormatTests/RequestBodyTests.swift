// The two request bodies: exact bytes, every bound from both sides, and the message of every error.

import Accounting
import Testing
import WireFormat

@Suite("Request bodies")
struct RequestBodyTests {
    static let fullAdmit = AdmitBody(
        id: "run-1f0a", function: "thumbnails/resize", kind: "function", maxDurationMs: 10_000,
        minDurationMs: 250, payloadBytes: 512)

    @Test(
        "an admission's bytes",
        arguments: [
            (AdmitBody(), "{}"),
            (AdmitBody(maxDurationMs: 0), #"{"maxDurationMs":0}"#),
            (AdmitBody(function: "a\"b\\ü"), #"{"function":"a\"b\\ü"}"#),
            (
                fullAdmit,
                #"{"id":"run-1f0a","function":"thumbnails/resize","kind":"function","maxDurationMs":10000,"#
                    + #""minDurationMs":250,"payloadBytes":512}"#
            ),
        ])
    func admitBytes(body: AdmitBody, json: String) throws {
        #expect(body.json == Array(json.utf8))
        #expect(try AdmitBody(json: json.utf8) == body)
    }

    @Test(
        "a settlement's bytes",
        arguments: [
            (SettleBody(durationMs: 84), #"{"durationMs":84}"#),
            (SettleBody(durationMs: 0, outcome: .notStarted), #"{"durationMs":0,"outcome":"not-started"}"#),
            (
                SettleBody(durationMs: 2_678_400_000, outcome: .ok, memoryBytes: 50_331_648),
                #"{"durationMs":2678400000,"outcome":"ok","memoryBytes":50331648}"#
            ),
        ])
    func settleBytes(body: SettleBody, json: String) throws {
        #expect(body.json == Array(json.utf8))
        #expect(try SettleBody(json: json.utf8) == body)
    }

    @Test(
        "these all say nothing about the execution",
        arguments: [
            "", "{}", " { } \n", #"{"id":null,"maxDurationMs":null}"#, #"{"later":[{"x":[1,2]}],"":null}"#,
        ])
    func emptyAdmit(json: String) throws {
        #expect(try AdmitBody(json: json.utf8) == AdmitBody())
    }

    @Test("order, white space, escapes and unknown members make no difference")
    func freedom() throws {
        let json = """
            { "payloadBytes" : 5.12e2, "new": {"id": "x", "deep": [[], {}]}, "minDurationMs":250.0,
              "maxDurationMs":1e4 ,"\\u006bind":"\\u0066unction", "function":"thumbnails\\/resize", "id":"run-1f0a" }

            """
        #expect(try AdmitBody(json: json.utf8) == Self.fullAdmit)
    }

    @Test("every outcome has its word", arguments: Ending.Outcome.allCases)
    func outcomes(_ outcome: Ending.Outcome) throws {
        let body = SettleBody(durationMs: 1, outcome: outcome)
        #expect(try SettleBody(json: body.json) == body)
        #expect(BodyField.outcome.rule.allows(outcome.rawValue))
    }

    static let id64 = String(repeating: "a", count: 64)
    static let function256 = String(repeating: "ü", count: 128)

    @Test(
        "a bound itself is allowed",
        arguments: [
            #"{"id":"\#(id64)"}"#, #"{"id":"A"}"#, #"{"id":"azAZ09._-"}"#, #"{"function":"\#(function256)"}"#,
            #"{"kind":"\#(id64)"}"#, #"{"maxDurationMs":2678400000}"#, #"{"minDurationMs":0}"#,
            #"{"maxDurationMs":5,"minDurationMs":5}"#, #"{"payloadBytes":9007199254740991}"#,
        ])
    func bounds(json: String) throws {
        #expect(try AdmitBody(json: json.utf8).json == Array(json.utf8))
    }

    @Test(
        "a mistake in an admission is named",
        arguments: [
            (#"{"id":""}"#, #"id must be 1 to 64 bytes of A-Z a-z 0-9 . _ -, found """#),
            (#"{"id":"a b"}"#, #"id must be 1 to 64 bytes of A-Z a-z 0-9 . _ -, found "a b""#),
            (#"{"id":"ü"}"#, #"id must be 1 to 64 bytes of A-Z a-z 0-9 . _ -, found "ü""#),
            (#"{"id":"a:b"}"#, #"id must be 1 to 64 bytes of A-Z a-z 0-9 . _ -, found "a:b""#),
            (#"{"id":7}"#, "id must be 1 to 64 bytes of A-Z a-z 0-9 . _ -, found 7"),
            (#"{"id":{"a":[]}}"#, "id must be 1 to 64 bytes of A-Z a-z 0-9 . _ -, found an object"),
            (
                #"{"id":"\#(id64)b"}"#,
                "id must be 1 to 64 bytes of A-Z a-z 0-9 . _ -, found \"" + String(repeating: "a", count: 59)
                    + "..."
            ),
            (#"{"id":"a","id":"a"}"#, "id must be given once, found a duplicate"),
            (#"{"id":null,"id":"a"}"#, "id must be given once, found a duplicate"),
            (#"{"id":"a","\u0069d":"a"}"#, "id must be given once, found a duplicate"),
            (
                #"{"function":""}"#,
                #"function must be 1 to 256 bytes of text without control characters, found """#
            ),
            (
                #"{"function":"a\u0000"}"#,
                #"function must be 1 to 256 bytes of text without control characters, found "a\u0000""#
            ),
            (
                #"{"function":"\#(function256)a"}"#,
                "function must be 1 to 256 bytes of text without control characters, found \""
                    + String(repeating: "ü", count: 29) + "..."
            ),
            (
                #"{"function":true}"#,
                "function must be 1 to 256 bytes of text without control characters, found true"
            ),
            (#"{"kind":"a/b"}"#, #"kind must be 1 to 64 bytes of A-Z a-z 0-9 . _ -, found "a/b""#),
            (#"{"kind":[1]}"#, "kind must be 1 to 64 bytes of A-Z a-z 0-9 . _ -, found an array"),
            (
                #"{"maxDurationMs":2678400001}"#,
                "maxDurationMs must be an integer from 0 to 2678400000 (ms), found 2678400001"
            ),
            (
                #"{"maxDurationMs":-1}"#,
                "maxDurationMs must be an integer from 0 to 2678400000 (ms), found -1"
            ),
            (
                #"{"maxDurationMs":1.5}"#,
                "maxDurationMs must be an integer from 0 to 2678400000 (ms), found 1.5"
            ),
            (
                #"{"maxDurationMs":"5"}"#,
                #"maxDurationMs must be an integer from 0 to 2678400000 (ms), found "5""#
            ),
            (
                #"{"minDurationMs":false}"#,
                "minDurationMs must be an integer from 0 to 2678400000 (ms), found false"
            ),
            (
                #"{"minDurationMs":6,"maxDurationMs":5}"#,
                "minDurationMs must be at most maxDurationMs (5), found 6"
            ),
            (
                #"{"payloadBytes":9007199254740992}"#,
                "payloadBytes must be an integer from 0 to 9007199254740991 (bytes), found 9007199254740992"
            ),
            ("[]", "expected '{' at byte 0"),
            ("null", "expected '{' at byte 0"),
            (" ", "expected '{' at byte 1"),
            ("{}{}", "expected the end of the document at byte 2"),
            (#"{"id":"a""kind":"b"}"#, "expected ',' or '}' at byte 9"),
            (#"{"id":01}"#, "malformed number at byte 6"),
            (#"{"maxDurationMs":[1,}"#, "expected a value at byte 20"),
            (#"{"unknown":tru}"#, "expected true or false at byte 11"),
        ])
    func admitMistake(json: String, message: String) {
        let error = #expect(throws: BodyError.self) { try AdmitBody(json: json.utf8) }
        #expect(error?.description == message)
    }

    @Test(
        "a mistake in a settlement is named",
        arguments: [
            ("", "durationMs must be an integer from 0 to 2678400000 (ms), found nothing"),
            (#"{"outcome":"ok"}"#, "durationMs must be an integer from 0 to 2678400000 (ms), found nothing"),
            (#"{"durationMs":null}"#, "durationMs must be an integer from 0 to 2678400000 (ms), found null"),
            (
                #"{"durationMs":"84"}"#,
                #"durationMs must be an integer from 0 to 2678400000 (ms), found "84""#
            ),
            (#"{"durationMs":1,"durationMs":1}"#, "durationMs must be given once, found a duplicate"),
            (
                #"{"durationMs":1,"outcome":"OK"}"#,
                #"outcome must be one of ok, error, timeout, not-started, found "OK""#
            ),
            (
                #"{"durationMs":1,"outcome":1}"#,
                "outcome must be one of ok, error, timeout, not-started, found 1"
            ),
            (
                #"{"durationMs":1,"memoryBytes":-5}"#,
                "memoryBytes must be an integer from 0 to 9007199254740991 (bytes), found -5"
            ),
        ])
    func settleMistake(json: String, message: String) {
        let error = #expect(throws: BodyError.self) { try SettleBody(json: json.utf8) }
        #expect(error?.description == message)
    }

    @Test("a body is read from any kind of bytes")
    func sources() throws {
        let json = Array(#"{"id":"a"}"#.utf8)
        let expected = AdmitBody(id: "a")
        #expect(try AdmitBody(json: json) == expected)
        #expect(try AdmitBody(json: ([0, 0] + json + [0])[2...11]) == expected)
        #expect(try AdmitBody(json: json.lazy.map { $0 }) == expected)
        #expect(try json.withUnsafeBytes { try AdmitBody(json: $0) } == expected)
        #expect(try AdmitBody(json: UnsafeRawBufferPointer(start: nil, count: 0)) == AdmitBody())
    }
}
