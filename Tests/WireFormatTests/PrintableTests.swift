// How foreign text is shown on a terminal, and that the terminal obeys none of it.

import Testing
import WireFormat

@Suite("Printable text")
struct PrintableTests {
    @Test(
        "What a terminal obeys, hides or turns around is an escape, and everything else stays",
        arguments: [
            ("", ""), ("acme:prod@eu", "acme:prod@eu"), ("a b~", "a b~"),
            ("Zoë 東京 שלום مرحبا 🦊 👩\u{200D}💻 क्\u{200C}ष", "Zoë 東京 שלום مرحبا 🦊 👩\u{200D}💻 क्\u{200C}ष"),
            ("a\nb", #"a\nb"#), ("a\r\nb", #"a\r\nb"#), ("a\tb", #"a\tb"#),
            ("\u{0}\u{7}\u{8}\u{1F}", #"\u0000\u0007\u0008\u001F"#),
            ("\u{1B}]0;title\u{7}\u{1B}[2J", #"\u001B]0;title\u0007\u001B[2J"#),
            ("\u{7F}\u{80}\u{85}\u{9B}31m\u{9F}", #"\u007F\u0080\u0085\u009B31m\u009F"#),
            ("\u{A0}\u{A1}", "\u{A0}\u{A1}"),
            ("a\u{202E}gpj.exe", #"a\u202Egpj.exe"#),
            ("\u{202A}\u{202B}\u{202C}\u{202D}", #"\u202A\u202B\u202C\u202D"#),
            ("\u{2066}\u{2067}\u{2068}\u{2069}", #"\u2066\u2067\u2068\u2069"#),
            ("\u{200E}\u{200F}\u{61C}", #"\u200E\u200F\u061C"#),
            ("a\u{2028}b\u{2029}", #"a\u2028b\u2029"#),
            ("\u{200B}\u{2060}\u{FEFF}\u{AD}", #"\u200B\u2060\uFEFF\u00AD"#),
            ("\u{E0041}", #"\uDB40\uDC41"#),
            (#"a\u001B"#, #"a\u001B"#),
        ])
    func table(text: String, shown: String) {
        #expect(printable(text) == shown)
        #expect(printable(shown) == shown)
    }

    @Test("Bytes that are no UTF-8 are the replacement character, not the byte")
    func invalid() {
        #expect(
            printable(String(decoding: [0x61, 0x9B, 0xED, 0xA0, 0x80] as [UInt8], as: UTF8.self)).hasPrefix(
                "a\u{FFFD}"))
    }

    @Test("Of a document lines and tabs stay, and nothing else that a terminal obeys")
    func document() {
        let text = "{\n\t\"a\": \"\u{9B}2J\u{202E}\u{7F}\u{E0041}\"\r}"
        #expect(
            printable(text, keepingLines: true) == "{\n\t\"a\": \"\\u009B2J\\u202E\\u007F\\uDB40\\uDC41\"\n}")
    }

    @Test("Every scalar is kept, or is an escape that is plain ASCII")
    func everyScalar() {
        for scalar in (0...0x10FFFF as ClosedRange<UInt32>).lazy.compactMap(Unicode.Scalar.init) {
            let shown = printable(String(Character(scalar)))
            let isKept = shown.unicodeScalars.elementsEqual([scalar])
            #expect(isKept || shown.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "\(scalar.value)")
        }
    }
}
