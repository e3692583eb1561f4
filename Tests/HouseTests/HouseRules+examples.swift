// Examples in documentation catalogs: nothing compiles them there, so they must be quotes.

extension HouseRules {
    /// Each block of Swift in a catalog stands, line by line, in code that every build compiles.
    static func quotedExamples(_ files: [HouseFile]) -> [String] {
        let compiled = files.filter { $0.isSwift && ["Tests", "Examples"].contains($0.folders.first) }
            .map { withoutIndentation($0.lines) }
        return files.filter { $0.path.contains(".docc/") }.flatMap { file in
            swiftBlocks(file).compactMap { line, block in
                let example = withoutIndentation(block)
                return compiled.contains { $0.contains(example) }
                    ? nil : "\(file.path):\(line): quote the example from a test or from Examples"
            }
        }
    }

    private static func withoutIndentation(_ lines: some Sequence<Substring>) -> String {
        lines.map { $0.drop { $0 == " " } + "\n" }.joined()
    }

    /// With the number of the line before each.
    private static func swiftBlocks(_ file: HouseFile) -> [(line: Int, block: ArraySlice<Substring>)] {
        let lines = file.lines
        return lines.indices.filter { lines[$0] == "```swift" }.map { start in
            (start + 1, lines[(start + 1)...].prefix { $0 != "```" })
        }
    }
}
