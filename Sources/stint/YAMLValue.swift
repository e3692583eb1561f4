// A YAML document that remembers where each value stands, so that every complaint can name file, line and
// column. Shared by the plan file and the settings file.

import Yams

/// `file:line:column: reason`, the form that editors jump to.
struct YAMLError: Error, Equatable, CustomStringConvertible {
    let file: String
    let line: Int
    let column: Int
    let reason: String

    var description: String { "\(file):\(line):\(column): \(reason)" }

    static func tooLong(_ file: String) -> YAMLError {
        YAMLError(file: file, line: 1, column: 1, reason: "more than \(YAMLValue.maximumBytes) bytes")
    }
}

struct YAMLValue {
    /// A mapping's key, for complaints about it.
    struct Key {
        let text: String
        let file: String
        let line: Int
        let column: Int

        func error(_ reason: String) -> YAMLError {
            YAMLError(file: file, line: line, column: column, reason: reason)
        }
    }

    /// The name of the file, as the user gave it.
    let file: String
    private let node: Node

    private init(_ node: Node, in file: String) {
        self.node = node
        self.file = file
    }

    /// Texts beyond this many bytes are refused unread.
    static let maximumBytes = 1_048_576

    /// - Throws: when `yaml` is too long, is not YAML, has an alias, or a mapping has a key twice.
    init(parsing yaml: String, file: String) throws(YAMLError) {
        guard yaml.utf8.count <= Self.maximumBytes else { throw .tooLong(file) }
        if let (line, column) = YAMLAlias.first(in: yaml) {
            throw YAMLError(
                file: file, line: line, column: column, reason: "aliases (*name) are not taken; write it out")
        }
        do {
            self.init(try Yams.compose(yaml: yaml) ?? Node(""), in: file)
        } catch let error as YamlError {
            throw Self.located(error, file)
        } catch {
            throw YAMLError(file: file, line: 1, column: 1, reason: "\(error)")
        }
    }

    var isMapping: Bool { node.mapping != nil }
    /// Whether nothing was written: an empty document, or a key without a value.
    var isEmpty: Bool { node.null != nil || node.scalar?.string.isEmpty == true }

    func error(_ reason: String) -> YAMLError {
        YAMLError(file: file, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1, reason: reason)
    }

    /// Keys and values in the order of the file.
    func entries() throws(YAMLError) -> [(key: Key, value: YAMLValue)] {
        guard let mapping = node.mapping else { throw error("must be a mapping, such as {key: value}") }
        var entries: [(key: Key, value: YAMLValue)] = []
        for (key, value) in mapping {
            guard let text = key.string else { throw YAMLValue(key, in: file).error("a key must be a word") }
            let mark = key.mark
            entries.append(
                (
                    Key(text: text, file: file, line: mark?.line ?? 1, column: mark?.column ?? 1),
                    YAMLValue(value, in: file)
                ))
        }
        return entries
    }

    func elements() throws(YAMLError) -> [YAMLValue] {
        guard let sequence = node.sequence else { throw error("must be a list, such as [first, second]") }
        return sequence.map { YAMLValue($0, in: file) }
    }

    func text() throws(YAMLError) -> String {
        guard let text = node.scalar?.string, !isEmpty else { throw error("must be a word or a number") }
        return text
    }

    /// A whole number in decimal digits; YAML's other notations (octal, exponents, quoted) are refused.
    func integer() throws(YAMLError) -> Int {
        let text = try text()
        guard node.scalar?.style == .plain, let number = Int(text) else {
            throw error("must be a whole number, not '\(text)'")
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
                reason: "a mapping has the same key twice: \(keys.joined(separator: ", "))")
        case .reader(let problem, let offset, _, let yaml):
            located(problem, after: yaml.prefix(offset ?? 0), file)
        default:
            YAMLError(file: file, line: 1, column: 1, reason: "\(error)")
        }
    }

    /// For what is no character of YAML: the parser tells only how many characters come before it.
    private static func located(_ problem: String, after text: Substring, _ file: String) -> YAMLError {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        return YAMLError(
            file: file, line: lines.count, column: (lines.last?.count ?? 0) + 1, reason: problem)
    }
}
