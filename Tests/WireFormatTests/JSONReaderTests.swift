// The reader's grammar by example: the reason and offset of each error, and what a number is.

import Testing
import WireFormat

@Suite("JSON reader")
struct JSONReaderTests {
    @Test(
        "a mistake is named with its byte",
        arguments: [
            ("", "expected a value at byte 0"),
            ("  ", "expected a value at byte 2"),
            ("{} x", "expected the end of the document at byte 3"),
            (#"{"a":1"b":2}"#, "expected ',' or '}' at byte 6"),
            (#"{"a":1,}"#, "expected a member name in double quotes at byte 7"),
            (#"{"a":1,,"b":2}"#, "expected a member name in double quotes at byte 7"),
            ("{a:1}", "expected a member name in double quotes at byte 1"),
            (#"{"a"1}"#, "expected ':' at byte 4"),
            (#"{"a":}"#, "expected a value at byte 5"),
            (#"{"a":1"#, "expected ',' or '}' at byte 6"),
            ("[1 2]", "expected ',' or ']' at byte 3"),
            ("[1,]", "expected a value at byte 3"),
            ("[1}", "expected ',' or ']' at byte 2"),
            ("nulll", "expected the end of the document at byte 4"),
            ("nul", "expected a value at byte 0"),
            ("tru", "expected true or false at byte 0"),
            ("[fals]", "expected true or false at byte 1"),
            ("\"ab", "the string is not closed at byte 3"),
            ("\"ab\\", "unknown escape sequence at byte 3"),
            ("\"a\nb\"", "a control character in a string must be escaped at byte 2"),
            (#""a\xb""#, "unknown escape sequence at byte 2"),
            (#""\u12G4""#, "unknown escape sequence at byte 1"),
            (#""\uD800""#, "half of a surrogate pair at byte 1"),
            (#""\uD800\u0041""#, "half of a surrogate pair at byte 1"),
            (#""a\uDC00""#, "half of a surrogate pair at byte 2"),
            ("[01]", "malformed number at byte 1"),
            ("[-]", "malformed number at byte 1"),
            ("[1.]", "malformed number at byte 1"),
            ("[1e+]", "malformed number at byte 1"),
            ("[1.2.3]", "malformed number at byte 1"),
            ("[0x10]", "malformed number at byte 1"),
            ("[-Infinity]", "malformed number at byte 1"),
            (String(repeating: "[", count: 33), "nested more than 32 levels deep at byte 32"),
            (String(repeating: #"{"a":"#, count: 33), "nested more than 32 levels deep at byte 160"),
        ])
    func mistake(json: String, message: String) {
        let error = #expect(throws: JSONError.self) { try JSONReader.validate(json.utf8) }
        #expect(error?.description == message)
    }

    @Test(
        "bytes that are not UTF-8 are refused where they begin",
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xE0, 0x9F, 0xBF], [0xE2, 0x82],
            [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80],
            [0xF0, 0x9F, 0x98], [0xF5, 0x80, 0x80, 0x80], [0xFE], [0xFF],
        ] as [[UInt8]])
    func invalidUTF8(_ bytes: [UInt8]) {
        let error = #expect(throws: JSONError.self) {
            try JSONReader.validate([0x22, 0x61] + bytes + [0x22])
        }
        #expect(error == JSONError(.invalidUTF8, at: 2))
    }

    @Test("32 containers may be open, 33 may not, and a sibling does not count")
    func depth() {
        let deepest = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
        #expect(throws: Never.self) { try JSONReader.validate(deepest.utf8) }
        #expect(throws: JSONError.self) { try JSONReader.validate("[\(deepest)]".utf8) }
        let siblings = "[" + Array(repeating: "[[],{}]", count: 100).joined(separator: ",") + "]"
        #expect(throws: Never.self) { try JSONReader.validate(siblings.utf8) }
    }

    @Test(
        "a number is an integer if it is whole and at most 2^53, however it is spelled",
        arguments: [
            ("0", 0), ("-0", 0), ("0.0", 0), ("0e99999999999999999999", 0), ("7", 7), ("-123", -123),
            ("1e3", 1000), ("1E+3", 1000), ("1.0", 1), ("1.50e1", 15), ("1000e-3", 1), ("10.00", 10),
            ("9007199254740991", 9_007_199_254_740_991), ("9007199254740992", 9_007_199_254_740_992),
            ("-9007199254740992", -9_007_199_254_740_992), ("9.007199254740992e15", 9_007_199_254_740_992),
            ("9007199254740992000e-3", 9_007_199_254_740_992), ("1000000000000000000000000e-24", 1),
            ("0.000000000000000000000000000001e30", 1), ("9007199254740993", nil),
            ("9007199254740992.5", nil),
            ("-9007199254740993", nil), ("1e16", nil), ("1e99999999999999999999", nil), ("0.5", nil),
            ("1e-1", nil), ("1e-99999999999999999999", nil), ("123.456", nil),
            ("1.0000000000000000000001", nil),
            ("18446744073709551616", nil), ("99999999999999999999999999999999", nil),
        ] as [(String, Int?)])
    func integer(json: String, expected: Int?) throws {
        let value = try JSONReader.read(json.utf8) { reader throws(JSONError) in
            let value = try reader.integer()
            try reader.finish()
            return value
        }
        #expect(value == expected)
    }

    @Test(
        "a string's escapes are undone",
        arguments: [
            (#""""#, ""), (#""plain""#, "plain"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
            (#""\u0000\u001f\u007F""#, "\u{0}\u{1F}\u{7F}"), (#""\u00e9\u20AC""#, "é€"),
            (#""a\uD83D\ude00b""#, "a\u{1F600}b"), (#""\uDBFF\uDFFF""#, "\u{10FFFF}"),
            ("\"é€\u{1F600}\"", "é€\u{1F600}"),
        ])
    func string(json: String, expected: String) throws {
        let value = try JSONReader.read(json.utf8) { reader throws(JSONError) in try reader.string() }
        #expect(Array(value.utf8) == Array(expected.utf8))
    }

    @Test("a member's name is known whether it is escaped or not")
    func names() throws {
        let json = #"{"id":1,"\u0069d":2,"i\u0064":3,"idd":4,"i":5,"ID":6,"":7}"#
        let values = try JSONReader.read(json.utf8) { reader throws(JSONError) in
            var values: [Int?] = []
            try reader.beginObject()
            while try reader.nextMember() {
                if reader.isMember("id") {
                    values.append(try reader.integer())
                } else {
                    try reader.skipValue()
                }
            }
            try reader.finish()
            return values
        }
        #expect(values == [1, 2, 3])
    }

    @Test("a value of another kind than asked for is refused")
    func wrongKind() {
        func reason(_ json: String, _ read: (inout JSONReader) throws(JSONError) -> Void) -> JSONError? {
            Result { () throws(JSONError) in try JSONReader.read(json.utf8, read) }.failure
        }
        #expect(
            reason("[]") { reader throws(JSONError) in try reader.beginObject() }?.reason == .expectedObject)
        #expect(
            reason("{}") { reader throws(JSONError) in try reader.beginArray() }?.reason == .expectedArray)
        #expect(
            reason("1") { reader throws(JSONError) in _ = try reader.string() }?.reason == .expectedString)
        #expect(
            reason("true") { reader throws(JSONError) in _ = try reader.integer() }?.reason == .expectedNumber
        )
        #expect(
            reason("0") { reader throws(JSONError) in _ = try reader.boolean() }?.reason == .expectedBoolean)
    }
}
