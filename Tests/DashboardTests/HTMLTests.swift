// Text from elsewhere stays text in a page, and numbers are written for people.

import Testing

@testable import Dashboard

@Suite("Pages")
struct HTMLTests {
    @Test("What is put into markup is escaped, unless it is markup")
    func escapes() {
        let hostile = #"<script>alert("1")</script>&'"#
        let escaped = "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;"
        let part: HTML = "<b>\(hostile)</b>"
        #expect(part.text == "<b>\(escaped)</b>")
        let nothing: HTML? = nil
        let whole: HTML = #"<a title="\#(hostile)">\#(part)\#([part, part])\#(nothing)\#(7)</a>"#
        #expect(
            whole.text
                == #"<a title="\#(escaped)">\#(part.text)\#(part.text)\#(part.text)7</a>"#)
        let instant: HTML = "\(instant: 0, as: hostile)"
        #expect(
            instant.text
                == #"<time datetime="1970-01-01T00:00:00Z" title="1970-01-01 00:00:00 UTC">\#(escaped)</time>"#
        )
    }

    @Test(
        "Durations",
        arguments: [
            (0, "0 ms"), (84, "84 ms"), (1_000, "1 s"), (9_916, "9.916 s"), (10_500, "10.5 s"),
            (600_000, "600 s"), (3_599_999, "3,599.999 s"), (3_600_000, "1 h"), (5_400_000, "1 h 30 min"),
            (86_400_000, "1 d"), (90_000_000, "1 d 1 h"), (86_460_000, "1 d"), (2_678_400_000, "31 d"),
        ])
    func durations(ms: Int, text: String) { #expect(ms.asDuration == text) }

    @Test("Counts", arguments: [(0, "0"), (999, "999"), (6_000, "6,000"), (-1_234_567, "-1,234,567")])
    func counts(count: Int, text: String) { #expect(count.grouped == text) }

    @Test(
        "Sizes",
        arguments: [(0, "0 B"), (1_023, "1023 B"), (134_217_728, "128 MiB"), (1_610_612_736, "1.5 GiB")])
    func sizes(bytes: Int, text: String) { #expect(bytes.asSize == text) }

    @Test("Instants are said in UTC")
    func instants() {
        #expect(1_770_000_000_000.asInstant == "2026-02-02 02:40:00")
        #expect(1_770_000_000_000.asTime == "02:40:00" && 1_770_000_000_000.asMinute == "02:40")
    }
}
