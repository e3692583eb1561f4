// Makes foreign text (a reply, Redis, a file, a name) safe to show on a terminal or in a log: none
// of it is obeyed, hidden or reordered. The commands and the log use it for all text that is not
// Stint's own.

/// `text` on one line, with JSON's escape in place of every character that a terminal obeys or that
/// changes how its neighbours look: controls (U+0000 to U+001F, U+007F to U+009F), line and
/// paragraph separators, and format characters such as bidirectional overrides. The two joiners
/// that scripts need (U+200C, U+200D) stay. Other text is returned unchanged.
/// - Parameters:
///   - text: the text to show.
///   - keepingLines: for documents of several lines: line feeds and tabs stay, a carriage return
///     becomes a line feed. JSON stays JSON and keeps its value.
public func printable(_ text: some StringProtocol, keepingLines: Bool = false) -> String {
    guard text.utf8.contains(where: { !(0x20...0x7E).contains($0) }) else { return String(text) }
    var shown = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\n" where keepingLines, "\t" where keepingLines: shown.unicodeScalars.append(scalar)
        case "\r" where keepingLines: shown += "\n"
        case "\n": shown += "\\n"
        case "\r": shown += "\\r"
        case "\t": shown += "\\t"
        case _ where scalar.isObeyed: shown += scalar.escape
        default: shown.unicodeScalars.append(scalar)
        }
    }
    return shown
}

extension Unicode.Scalar {
    fileprivate var isObeyed: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        case .format: self != "\u{200C}" && self != "\u{200D}"
        default: false
        }
    }

    /// `\u202E`, for example; two of them beyond U+FFFF, as in JSON.
    fileprivate var escape: String {
        UTF16.encode(self).map { units in
            units.map { unit in
                let digits = String(unit, radix: 16, uppercase: true)
                return "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            }.joined()
        } ?? ""
    }
}
