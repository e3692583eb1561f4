// The writer's bytes: commas, escapes, numbers, and that a writer can be reused.

import Testing
import WireFormat

@Suite("JSON writer")
struct JSONWriterTests {
    @Test("commas stand between members and elements and nowhere else")
    func commas() {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("a", 1)
        writer.name("b")
        writer.beginArray()
        writer.value(true)
        writer.beginObject()
        writer.endObject()
        writer.beginArray()
        writer.endArray()
        writer.null()
        writer.value("x")
        writer.endArray()
        writer.member("c", false)
        writer.member("d", "y")
        writer.endObject()
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == #"{"a":1,"b":[true,{},[],null,"x"],"c":false,"d":"y"}"#)
    }

    @Test("a writer that is emptied begins a new document")
    func reuse() {
        var writer = JSONWriter(capacity: 0)
        writer.value(1)
        writer.removeAll()
        #expect(writer.bytes.isEmpty)
        writer.value(2)
        #expect(writer.bytes == [UInt8(ascii: "2")])
    }

    @Test(
        "what must be escaped is, and nothing else",
        arguments: [
            ("", #""""#), ("\"\\/", #""\"\\/""#), ("\u{8}\u{9}\u{A}\u{C}\u{D}", #""\b\t\n\f\r""#),
            ("\u{0}\u{1}\u{B}\u{1F}", #""\u0000\u0001\u000b\u001f""#),
            ("\u{7F}\u{80}\u{2028}", "\"\u{7F}\u{80}\u{2028}\""),
            ("é\"€", "\"é\\\"€\""), ("a\nb\nc", #""a\nb\nc""#),
        ])
    func escapes(value: String, expected: String) {
        var writer = JSONWriter()
        writer.value(value)
        #expect(writer.bytes == Array(expected.utf8))
    }

    @Test(
        "numbers are plain decimals",
        arguments: [0, 1, 9, 10, 99, 100, -1, -10, 9_007_199_254_740_991, .max, .min])
    func numbers(_ value: Int) {
        var writer = JSONWriter()
        writer.value(value)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == String(value))
    }
}
