// Aliases (`*name`) let a few lines of YAML mean more values than memory can hold, and the parser
// hashes all of them before this code sees the first. So they are found, and refused, in a copy of
// the text without aliases: in it, every `*` is another character, which has no meaning in YAML. A
// word that begins with this character was an alias; in comments and strings it is a letter.

import Yams

enum YAMLAlias {
    /// A private-use character of Unicode. A text that begins words with it and has a `*` somewhere
    /// is treated as if it had aliases.
    private static let standIn: Unicode.Scalar = "\u{E000}"

    /// The text without aliases, with the same lines and columns; nil if it has no `*`.
    static func copy(without yaml: String) -> String? {
        guard yaml.utf8.contains(UInt8(ascii: "*")) else { return nil }
        var scalars = String.UnicodeScalarView()
        // By scalars: a star followed by an accent is not a Character of its own.
        for scalar in yaml.unicodeScalars { scalars.append(scalar == "*" ? standIn : scalar) }
        return String(scalars)
    }

    /// The place of the first alias.
    /// - Parameter node: the root of a ``copy(without:)``.
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
