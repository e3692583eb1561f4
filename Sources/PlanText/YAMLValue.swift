// A YAML document that remembers the place of each value, so that every error can name file, line
// and column. The plan file, the settings file, and (because JSON is YAML) the bodies of the admin
// API share it.

import WireFormat
import Yams

/// `file:line:column: reason`, the form that editors jump to.
package struct YAMLError: Error, Equatable, CustomStringConvertible {
    package let file: String
    package let line: Int
    package let column: Int
    package let reason: String
    /// The path of the invalid value within the document, such as `limits[1].amount`; empty for the
    /// whole document.
    package var field = ""

    package var description: String { "\(file):\(line):\(column): \(reason)" }

    static func tooLong(_ file: String) -> YAMLError {
        YAMLError(file: file, line: 1, column: 1, reason: "more than \(YAMLValue.maximumBytes) bytes")
    }
}

package struct YAMLValue {
    /// A mapping's key, with its place for errors.
    package struct Key {
        package let text: String
        let path: String
        let file: String
        package let line: Int
        let column: Int

        package func error(_ reason: String) -> YAMLError {
            YAMLError(file: file, line: line, column: column, reason: reason, field: path)
        }
    }

    /// The file's name, as the user wrote it.
    package let file: String
    /// The path of the value within the document, such as `limits[1]`.
    let path: String
    private let node: Node
    /// JSON distinguishes strings from numbers, YAML does not.
    private let isJSON: Bool

    private init(_ node: Node, in file: String, path: String = "", isJSON: Bool) {
        self.node = node
        self.file = file
        self.path = path
        self.isJSON = isJSON
    }

    /// The maximum size of a text in bytes; a longer one is refused unread.
    package static let maximumBytes = 1_048_576

    /// - Throws: if `yaml` is too long, is not YAML, has an alias, or has a duplicate key in a
    ///   mapping.
    package init(parsing yaml: String, file: String) throws(YAMLError) {
        guard yaml.utf8.count <= Self.maximumBytes else { throw .tooLong(file) }
        if let copy = YAMLAlias.copy(without: yaml), let root = try Self.compose(copy, file),
            let alias = YAMLAlias.first(in: root)
        {
            throw YAMLError(
                file: file, line: alias.line, column: alias.column,
                reason: "aliases (*name) are not supported; write it out")
        }
        try self.init(composing: yaml, file: file, isJSON: false)
    }

    /// - Parameter json: strict JSON; anything else throws a ``JSONError``. It is then parsed as
    ///   YAML.
    package init(json: String, file: String) throws {
        try JSONReader.validate(json.utf8)
        // YAML does not begin a line with a tab. In JSON a tab is always between tokens.
        try self.init(composing: json.replacing("\t", with: " "), file: file, isJSON: true)
    }

    private init(composing yaml: String, file: String, isJSON: Bool) throws(YAMLError) {
        self.init(try Self.compose(yaml, file) ?? Node(""), in: file, isJSON: isJSON)
    }

    private static func compose(_ yaml: String, _ file: String) throws(YAMLError) -> Node? {
        do {
            return try Yams.compose(yaml: yaml)
        } catch let error as YamlError {
            throw located(error, file)
        } catch {
            throw YAMLError(file: file, line: 1, column: 1, reason: "\(error)")
        }
    }

    package var isMapping: Bool { node.mapping != nil }
    /// Whether it has no value: an empty document, or a key without a value.
    package var isEmpty: Bool { node.null != nil || node.scalar?.string.isEmpty == true }

    /// - Parameters:
    ///   - reason: what is wrong.
    ///   - field: a path from this value.
    package func error(_ reason: String, field: String = "") -> YAMLError {
        YAMLError(
            file: file, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1, reason: reason,
            field: path.isEmpty || field.isEmpty ? path + field : "\(path).\(field)")
    }

    /// Keys and values in the order of the file.
    package func entries() throws(YAMLError) -> [(key: Key, value: YAMLValue)] {
        guard let mapping = node.mapping else { throw error("must be a mapping, such as {key: value}") }
        var entries: [(key: Key, value: YAMLValue)] = []
        for (key, value) in mapping {
            guard let text = key.string else {
                throw YAMLValue(key, in: file, path: path, isJSON: isJSON).error("a key must be a word")
            }
            let place = path.isEmpty ? text : "\(path).\(text)"
            let mark = key.mark
            entries.append(
                (
                    Key(
                        text: text, path: place, file: file, line: mark?.line ?? 1, column: mark?.column ?? 1),
                    YAMLValue(value, in: file, path: place, isJSON: isJSON)
                ))
        }
        return entries
    }

    package func elements() throws(YAMLError) -> [YAMLValue] {
        guard let sequence = node.sequence else { throw error("must be a list, such as [first, second]") }
        return sequence.enumerated().map {
            YAMLValue($1, in: file, path: "\(path)[\($0)]", isJSON: isJSON)
        }
    }

    package func text() throws(YAMLError) -> String {
        guard let scalar = node.scalar, !isEmpty else { throw error("must be a word or a number") }
        guard !isJSON || scalar.style == .doubleQuoted else { throw error("must be a string") }
        return scalar.string
    }

    /// A whole number in decimal digits. YAML's other notations (octal, exponents, quoted) are
    /// refused.
    package func integer() throws(YAMLError) -> Int {
        guard let scalar = node.scalar, !isEmpty else { throw error("must be a word or a number") }
        guard scalar.style == .plain, let number = Int(scalar.string) else {
            throw error("must be a whole number, not '\(scalar.string)'")
        }
        return number
    }

    private static func located(_ error: YamlError, _ file: String) -> YAMLError {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            YAMLError(
                file: file, line: mark.line, column: mark.column,
                reason: [problem, context?.text].compactMap { $0 }.joined(separator: " "))
        case .duplicatedKeysInMapping(let keys, let context):
            YAMLError(
                file: file, line: context.mark.line, column: context.mark.column,
                reason: "duplicate key: \(keys.joined(separator: ", "))")
        case .reader(let problem, let offset, _, let yaml):
            located(problem, after: yaml.prefix(offset ?? 0), file)
        default:
            YAMLError(file: file, line: 1, column: 1, reason: "\(error)")
        }
    }

    /// The place of an invalid character: the parser reports only how many characters come before
    /// it.
    private static func located(_ problem: String, after text: Substring, _ file: String) -> YAMLError {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        return YAMLError(
            file: file, line: lines.count, column: (lines.last?.count ?? 0) + 1, reason: problem)
    }
}
