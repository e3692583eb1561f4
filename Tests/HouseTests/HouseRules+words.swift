// Identifiers that the glossary (docs/GLOSSARY.md) replaced.

extension HouseRules {
    /// An identifier, and what to write instead.
    static let bannedIdentifiers: [String: String] = [
        "AccountPages": "AccountInspector",
        "Ear": "ReplyCallback",
        "HoldWatch": "ExpiredHoldQueue",
        "Posed": "LedgerCall.Pending",
    ]

    static func words(_ files: [HouseFile], _ banned: [String: String] = bannedIdentifiers) -> [String] {
        files.filter { $0.isSwift && !$0.path.hasPrefix("Tests/HouseTests/") }.flatMap { file in
            file.code.flatMap { line in
                line.text.matches(of: /\b\w+\b/).compactMap { word in
                    banned[String(word.output)].map {
                        "\(file.path):\(line.number): \(word.output) is called \($0) (docs/GLOSSARY.md)"
                    }
                }
            }
        }
    }
}
