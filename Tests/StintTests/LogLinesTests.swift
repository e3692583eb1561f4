// The log: one event is one line, also if its text has line feeds.

import Testing

@testable import StintService

@Suite("Log lines")
struct LogLinesTests {
    @Test(
        "An event is one line, and nothing in it is obeyed",
        arguments: [
            (
                "2026-01-01T00:00:00 info stint: plan=a [stint] served\n",
                "2026-01-01T00:00:00 info stint: plan=a [stint] served\n"
            ),
            ("what=a\n2026 error stint: forged\n", "what=a\\n2026 error stint: forged\n"),
            ("line=\u{1B}]0;x\u{7}\u{9B}2J\u{202E}\r\n", "line=\\u001B]0;x\\u0007\\u009B2J\\u202E\n"),
            ("no end", "no end\n"), ("", "\n"),
        ])
    func lines(event: String, shown: String) { #expect(LogLines.shown(event) == shown) }
}
