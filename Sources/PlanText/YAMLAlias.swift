// Aliases (`*name`) let a few lines of YAML stand for more values than memory can hold, and the parser hashes all
// of them before we see the first. So they are found in the text, and refused, before it is parsed.

enum YAMLAlias {
    private typealias Line = Substring.UnicodeScalarView

    /// Where a token may be an alias, line and column counted from 1. Every alias is found. What stands in a comment
    /// is none, unless there are quotes on its line; a `*` that begins a word within a string is taken for one.
    static func first(in yaml: String) -> (line: Int, column: Int)? {
        guard yaml.utf8.contains(UInt8(ascii: "*")) else { return nil }
        var number = 1
        var rest = yaml[...].unicodeScalars
        while let end = rest.firstIndex(where: isBreak) {
            if let column = column(in: rest[..<end]) { return (number, column) }
            let next = rest.index(after: end)
            let isHalf = rest[end] == "\r" && next < rest.endIndex && rest[next] == "\n"
            if !isHalf { number += 1 }
            rest = rest[next...]
        }
        return column(in: rest).map { (number, $0) }
    }

    private static func column(in line: Line) -> Int? {
        // With no quote on it, a line is inside of a string wholly or not at all: what follows ` #` is no token.
        let hasQuotes = line.contains { $0 == "\"" || $0 == "'" }
        var before: Unicode.Scalar = " "
        for (index, scalar) in line.enumerated() {
            if scalar == "#", !hasQuotes, before == " " || before == "\t" { return nil }
            // No token ends in a letter or a digit right before another one.
            if scalar == "*", !isWord(before) { return index + 1 }
            before = scalar
        }
        return nil
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "0"..."9", "A"..."Z", "a"..."z", "_", ".": true
        default: false
        }
    }

    /// What YAML takes for the end of a line.
    private static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": true
        default: false
        }
    }
}
