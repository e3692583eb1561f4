// Comments: their width, and that the symbols they name exist.

extension HouseRules {
    static let longestCommentLine = 100

    static func commentWidths(_ files: [HouseFile]) -> [String] {
        files.flatMap { file in
            file.comments.filter { $0.line.count > longestCommentLine }.map {
                "\(file.path):\($0.number): \($0.line.count) columns, at most \(longestCommentLine)"
            }
        }
    }

    /// Prose in Markdown, but for tables, code, and lines that a link makes long.
    static func markdownWidths(_ files: [HouseFile]) -> [String] {
        files.filter { $0.path.hasSuffix(".md") }.flatMap { file -> [String] in
            var isCode = false
            return file.lines.enumerated().compactMap { index, line in
                if line.drop(while: { $0 == " " }).hasPrefix("```") { isCode.toggle() }
                let isFree = isCode || line.hasPrefix("|") || line.contains("](")
                if isFree || line.count <= longestCommentLine { return nil }
                return "\(file.path):\(index + 1): \(line.count) columns, at most \(longestCommentLine)"
            }
        }
    }

    /// Files that a comment names, such as `window.lua`, and symbols between double backticks.
    static func namesInComments(_ files: [HouseFile]) -> [String] {
        let names = Set(files.map(\.name))
        let symbols = files.filter(\.isSwift).reduce(into: Set<String>()) { $0.formUnion($1.identifiers) }
        return files.filter { $0.isSwift || $0.path.hasSuffix(".lua") }.flatMap { file in
            file.comments.flatMap { comment -> [String] in
                let gone = comment.line.matches(of: /[\w+-]+\.(swift|lua|mjs|md|sh|py|yml)\b/)
                    .map { String($0.output.0) }.filter { !names.contains($0) }
                let unknown = comment.line.matches(of: /``(?:[\w\/.]*[\/.])?(\w+)[^`]*``/)
                    .map { String($0.output.1) }.filter { !symbols.contains($0) }
                return (gone + unknown).map {
                    "\(file.path):\(comment.number): names \($0), which is not there"
                }
            }
        }
    }

    /// DocC takes an item for one parameter, up to the next.
    static func parametersInOneItem(_ files: [HouseFile]) -> [String] {
        files.filter(\.isSwift).flatMap { file in
            file.comments.filter { $0.line.contains(/\/\/\/ .* - \w+: .* - \w+: |- Parameters: \S/) }.map {
                "\(file.path):\($0.number): give each parameter an item of its own"
            }
        }
    }
}
