// Identifiers that the glossary (docs/GLOSSARY.md) replaced.

extension HouseRules {
    /// An identifier, and what to write instead.
    static let bannedIdentifiers: [String: String] = [
        "AccountPages": "AccountInspector",
        "Asked": "RunnerRequest",
        "Considered": "PreparedQuestion",
        "DecisionTally": "DecisionMetrics",
        "Ear": "ReplyCallback",
        "HoldWatch": "ExpiredHoldQueue",
        "Measure": "RankingKey",
        "Patience": "Timeouts",
        "Posed": "LedgerCall.Pending",
        "Rejection": "RequestError",
        "SpokenPlan": "PlanHeaders",
    ]

    static func words(_ files: [HouseFile]) -> [String] {
        files.filter { $0.isSwift && !$0.path.hasPrefix("Tests/HouseTests/") }.flatMap { file in
            file.code.flatMap { line in
                line.text.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.compactMap { word in
                    bannedIdentifiers[String(word)].map {
                        "\(file.path):\(line.number): \(word) is called \($0) (docs/GLOSSARY.md)"
                    }
                }
            }
        }
    }
}
