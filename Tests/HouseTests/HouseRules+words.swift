// Identifiers that the glossary (docs/GLOSSARY.md) replaced.

extension HouseRules {
    /// An identifier, and what to write instead.
    static let bannedIdentifiers: [String: String] = [
        "AccountPages": "AccountInspector",
        "AdminParts": "ControlPlane",
        "AdminRefusal": "StintError",
        "Asked": "RunnerRequest",
        "Challenge": "AuthenticationError",
        "chance": "random",
        "complain": "warn",
        "Considered": "PreparedQuestion",
        "Counted": "RollupField",
        "DecisionTally": "DecisionMetrics",
        "Ear": "ReplyCallback",
        "Errand": "SimulatedExecution",
        "hear": "receive",
        "heard": "received",
        "HoldWatch": "ExpiredHoldQueue",
        "Journey": "SimulatedTrip",
        "KeptPlans": "StoredPlans",
        "LedgerPage": "AccountLedger",
        "Measure": "RankingKey",
        "NameTable": "NameInterner",
        "patience": "timeout",
        "Patience": "Timeouts",
        "Posed": "LedgerCall.Pending",
        "Premises": "SimulatedSetting",
        "QuotaClient": "RunnerClient",
        "QuotaRefusal": "StintError",
        "QuotaReply": "RunnerReply",
        "QuotaRunner": "StintRunner",
        "QuotaTarget": "StintAddress",
        "QuotaUnavailable": "StintError",
        "RecordKeys": "ControlKeys",
        "Records": "ControlStore",
        "RedisWords": "RedisOutput",
        "Rejection": "RequestError",
        "said": "message",
        "SpokenPlan": "PlanHeaders",
        "TakenActivity": "DrainedActivity",
        "tell": "report",
        "told": "reported",
        "Weather": "FaultRates",
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
