// Strings that break input handling: from a public list, or a few of Stint's own.

import Foundation

public enum NaughtyStrings {
    public static func all() throws -> [String] {
        let shared = try SharedVectors.data("naughty-strings.json")
        let strings = try shared.map { try JSONDecoder().decode([String].self, from: $0) } ?? sample
        SharedVectors.say("Naughty strings", strings.count, shared: shared != nil)
        return strings
    }

    private static let sample = [
        "", "undefined", "null", "0", "-1.00", "NaN", "1E+02", "\\", "\"", "',./;[]-=", "\u{1}\u{7}\u{1B}",
        "\u{80}\u{9F}", "\u{FEFF}", "\u{FFFE}", "Ω≈ç√∫˜µ≤≥÷", "田中さんにあげて下さい", "👩🏽", "\u{202E}test",
        "Z̮̞̠͙͔ͅḀ̗̞͈̻̗", "<script>alert(1)</script>", "1;DROP TABLE users", "../../etc/passwd", "\r\n\t", "..", "%s%n",
        String(repeating: "x", count: 257), "file:///etc/hosts", "a\u{0}b",
    ]
}
