// Aliases (`*name`) let a few lines of YAML stand for more values than memory can hold, and the
// parser hashes all of them before we see the first. So they are found, and refused, in a copy of
// the text that has none: there every `*` is another character, which means nothing to YAML. Where
// a word begins with it, an alias began; in comments and strings it is a letter.

import Yams

enum YAMLAlias {
    /// Of the Unicode's private ones. A text that begins words with it and has a `*` somewhere is
    /// taken to have aliases.
    private static let standIn: Unicode.Scalar = "\u{E000}"

    /// The same text without aliases, line for line and column for column; nil when it has no `*`.
    static func copy(without yaml: String) -> String? {
        guard yaml.utf8.contains(UInt8(ascii: "*")) else { return nil }
        var scalars = String.UnicodeScalarView()
        // By scalars: with an accent behind it, a star is no Character of its own.
        for scalar in yaml.unicodeScalars { scalars.append(scalar == "*" ? standIn : scalar) }
        return String(scalars)
    }

    /// Where the first alias stands.
    /// - Parameter node: of a ``copy(without:)``.
    static func first(in node: Node) -> Mark? {
        switch node {
        case .scalar(let scalar):
            return scalar.style == .plain && scalar.string.unicodeScalars.first == standIn ? scalar.mark : nil
        case .sequence(let sequence):
            for element in sequence { if let mark = first(in: element) { return mark } }
        case .mapping(let mapping):
            for (key, value) in mapping { if let mark = first(in: key) ?? first(in: value) { return mark } }
        case .alias: break
        }
        return nil
    }
}
