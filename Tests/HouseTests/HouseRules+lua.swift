// The Lua scripts for Redis, by the same bounds as the Swift code.

extension HouseRules {
    /// Numbers above this have a name. (Sizes of packed fields and letters stay below.)
    static let greatestBareNumber = 1_000

    static func luaLengths(_ files: [HouseFile]) -> [String] {
        files.filter { $0.path.hasPrefix("Sources/") && $0.path.hasSuffix(".lua") }.flatMap { file in
            file.luaBlocks.filter { $0.length > longestFunction }.map {
                "\(file.path):\($0.line): \($0.length) lines, at most \(longestFunction); split it"
            }
        }
    }

    static func luaNumbers(_ files: [HouseFile]) -> [String] {
        files.filter { $0.path.hasPrefix("Sources/") && $0.path.hasSuffix(".lua") }.flatMap { file in
            file.code.filter { !$0.text.contains(/^local [\w, ]+ = [\d, ]+$/) }.flatMap { line in
                line.text.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
                    .filter { Int($0) ?? 0 > greatestBareNumber }
                    .map { "\(file.path):\(line.number): \($0) needs a name" }
            }
        }
    }

    /// The ten lines of the rule, in Swift and in Lua, without the marks of comments.
    static func rule(_ files: [HouseFile]) -> [String] {
        let sides = [
            "Sources/Accounting/Rule/SlidingWindow.swift", "Sources/RedisLedger/Scripts/Decide/call.lua",
        ]
        let texts = sides.map { path in
            files.first { $0.path == path }.map { file in
                file.comments.map { $0.line.drop { $0 == "/" || $0 == "-" } }
                    .drop { !$0.contains(#/^ +1\. /#) }
                    .prefix { $0.contains(/^ +\d+\. |^     \S/) }
                    .joined(separator: "\n")
            } ?? ""
        }
        if texts[0].contains("10."), texts[0] == texts[1] { return [] }
        return ["\(sides[0]) and \(sides[1]) must state the same ten lines of the rule:\n\(texts)"]
    }
}

extension HouseFile {
    /// Every function and loop of Lua, with the number of its lines. Relies on the layout: the line
    /// that closes a block has the indentation of the line that opens it.
    var luaBlocks: [(line: Int, length: Int)] {
        let lines = self.lines
        return lines.indices.compactMap { start in
            guard
                let match = lines[start].prefixMatch(
                    of: /(\s*)(return |local )?(\w+ = )?(function\b|for\b|while\b|repeat\b)/),
                !lines[start].hasSuffix(" end")
            else { return nil }
            let closing = ["end", "until"].map { match.output.1 + $0 }
            let end = lines[(start + 1)...].firstIndex { line in closing.contains { line.hasPrefix($0) } }
            return end.map { (line: start + 1, length: $0 - start + 1) }
        }
    }
}
