// The repository for the house rules: every text file with its path, and the imports, declared
// types, and functions with their length in Swift sources. Read once; `HouseRules` judges it.

import Checkout
import Foundation

/// One text file of the repository.
struct HouseFile: Sendable {
    /// From the repository's root, with `/` between folders.
    let path: String
    let text: String

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    var name: String { String(path.split(separator: "/").last ?? "") }
    var folders: [String] { path.split(separator: "/").dropLast().map(String.init) }
    var isSwift: Bool { path.hasSuffix(".swift") }

    /// The module a source belongs to (`Sources/Redis/RedisClient.swift` is in `Redis`), or nil
    /// outside `Sources`.
    var module: String? { folders.first == "Sources" && folders.count > 1 ? folders[1] : nil }

    /// The modules its import lines name, in order: `@testable public import struct Module.Name` is
    /// `Module`.
    var imports: [String] {
        let access: Set<Substring> = ["public", "internal", "package", "private", "fileprivate"]
        let kinds: Set<Substring> = [
            "struct", "class", "enum", "protocol", "func", "var", "let", "typealias",
        ]
        return lines.filter { $0.contains("import ") }.compactMap { line in
            var words = line.split(separator: " ").drop { $0.hasPrefix("@") || access.contains($0) }
            guard words.popFirst() == "import" else { return nil }
            return words.drop(while: kinds.contains).first?.split(separator: ".").first.map(String.init)
        }
    }

    /// The last name of every type it declares or extends.
    var types: Set<String> {
        let words = ["struct ", "class ", "enum ", "actor ", "protocol ", "typealias ", "extension "]
        let found = lines.filter { line in words.contains { line.contains($0) } }.flatMap { line in
            line.matches(of: /\b(struct|class|enum|actor|protocol|typealias|extension)\s+([\w.]+)/).map {
                $0.output.2.split(separator: ".").last.map(String.init) ?? ""
            }
        }
        return Set(found)
    }

    /// The lines that are comments only, in the language that its name says.
    var comments: [(number: Int, line: Substring)] {
        guard let mark = commentMark else { return [] }
        return lines.enumerated().filter { $1.drop { $0 == " " }.hasPrefix(mark) }.map { ($0 + 1, $1) }
    }

    /// The other lines of a source of ours, without text in quotes.
    var code: [(number: Int, text: Substring)] {
        guard let mark = commentMark else { return [] }
        return lines.enumerated().filter { !$1.drop { $0 == " " }.hasPrefix(mark) }.map {
            ($0 + 1, $1.contains("\"") ? Substring($1.replacing(/"[^"]*"/, with: "\"\"")) : $1)
        }
    }

    private var commentMark: String? {
        let end = name.split(separator: ".").last ?? ""
        switch end {
        case "swift", "mjs", "js": return "//"
        case "lua": return "--"
        case "sh", "py", "Makefile", "Dockerfile": return "#"
        default: return nil
        }
    }

    /// Every word that it declares, and every label: what a comment may name.
    var identifiers: Set<String> {
        let word = /\b(?:struct|class|enum|actor|protocol|typealias|func|var|let|init|extension) +`?(\w+)/
        var found = Set(text.matches(of: word).map { String($0.output.1) })
        found.formUnion(text.matches(of: /\b(\w+):/).map { String($0.output.1) })
        for line in text.matches(of: /\bcase ([^\n:]*)/) {
            found.formUnion(line.output.1.matches(of: /\w+/).map { String($0.output) })
        }
        return found.union(["init"])
    }

    /// Every function of several lines, with their number from its first to its closing brace.
    /// Relies on the layout `swift format` gives: the brace that closes stands at the declaration's
    /// own indentation.
    var functions: [(line: Int, length: Int)] {
        let lines = self.lines
        return lines.indices.compactMap { start in
            let first = lines[start]
            guard first.contains("func ") || first.contains("init"),
                let match = first.prefixMatch(of: /(\s*)([\w@()]+\s+)*(func\s+\S+|init[?]?(<\w+>)?\()/),
                let body = Self.body(of: start, indentation: match.output.1, in: lines),
                let end = lines[body...].firstIndex(where: { $0.hasPrefix(match.output.1 + "}") })
            else { return nil }
            return (line: start + 1, length: end - start + 1)
        }
    }

    /// The line that opens the body; nil for a declaration of one line or without a body.
    private static func body(of start: Int, indentation: Substring, in lines: [Substring]) -> Int? {
        for index in start..<lines.count {
            let line = lines[index]
            if line.hasSuffix("{") { return index }
            if index == start, line.hasSuffix("}") { return nil }
            let goesOn = [" ", ")", "{", "where "].contains { line.hasPrefix(indentation + $0) }
            if index > start, !goesOn { return nil }
        }
        return nil
    }
}

/// The files of the repository this test was built from.
struct House {
    let root: URL
    let files: [HouseFile]

    init() throws {
        root = Checkout.root
        let walk = FileManager.default.enumerator(at: root, includingPropertiesForKeys: [.isDirectoryKey])
        var files: [HouseFile] = []
        let base = root.path(percentEncoded: false)
        while let url = walk?.nextObject() as? URL {
            let path = String(url.path(percentEncoded: false).dropFirst(base.count)).trimmingSlashes
            if House.isNotOurs(path) {
                walk?.skipDescendants()
            } else if try url.resourceValues(forKeys: [.isDirectoryKey]).isDirectory != true,
                let text = String(data: try Data(contentsOf: url), encoding: .utf8)
            {
                files.append(HouseFile(path: path, text: text))
            }
        }
        self.files = files.sorted { $0.path < $1.path }
    }

    func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appending(path: path).path(percentEncoded: false))
    }

    /// What tools leave behind; the same names are in `.gitignore`.
    private static func isNotOurs(_ path: String) -> Bool {
        let name = path.split(separator: "/").last ?? ""
        return [".git", ".swiftpm", "stint-data", "Package.resolved"].contains(String(name))
            || name.hasPrefix(".build")
    }
}

extension String {
    fileprivate var trimmingSlashes: String { trimmingCharacters(in: ["/"]) }
}
