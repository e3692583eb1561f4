// The random bodies and documents of these tests, and their random damage.

import Accounting
import SeededChance
import WireFormat

extension SeededGenerator {
    mutating func bool() -> Bool { Bool.random(using: &self) }

    /// A value three times out of four.
    mutating func maybe<Value>(_ value: (inout SeededGenerator) -> Value) -> Value? {
        Int.random(in: 0..<4, using: &self) == 0 ? nil : value(&self)
    }

    mutating func count() -> Int {
        let limits = [9, 9_999, 2_678_400_000, FieldRule.largest]
        return Int.random(in: 0...limits.randomElement(using: &self)!, using: &self)
    }

    mutating func name(upTo length: Int) -> String {
        let alphabet = Array("ABCXYZabcxyz0189._-")
        return String(
            (0..<Int.random(in: 1...length, using: &self)).map { _ in alphabet.randomElement(using: &self)! })
    }

    /// Text of up to 64 characters without control characters.
    mutating func text() -> String {
        let alphabet = Array("aZ0 /\\\"'<>{}[]:,é€한\u{1F600}\u{2028}\u{FFFF}\u{10FFFF}".unicodeScalars)
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 1...60, using: &self) {
            text.append(alphabet.randomElement(using: &self)!)
        }
        return String(text)
    }

    mutating func admitBody() -> AdmitBody {
        let maximum = maybe { Int.random(in: 0...2_678_400_000, using: &$0) }
        return AdmitBody(
            id: maybe { $0.name(upTo: 64) }, function: maybe { $0.text() }, kind: maybe { $0.name(upTo: 64) },
            maxDurationMs: maximum,
            minDurationMs: maybe { .random(in: 0...(maximum ?? 2_678_400_000), using: &$0) },
            payloadBytes: maybe { $0.count() })
    }

    mutating func limits() -> LimitsObject {
        LimitsObject(executionsRemaining: maybe { $0.count() }, timeRemaining: maybe { $0.count() })
    }

    mutating func overUse() -> OverUseObject {
        OverUseObject(executions: maybe { $0.count() }, executionTimeMs: maybe { $0.count() })
    }

    mutating func admittedBody() -> AdmittedBody {
        let degraded = bool()
        return AdmittedBody(
            id: name(upTo: 64), grantedMs: count(), deadline: degraded ? nil : count(),
            memoryBytes: maybe { $0.count() },
            limits: maybe { $0.limits() },
            suggestedIntervalMs: maybe { .random(in: 0...2_678_400_000, using: &$0) }, degraded: degraded,
            overUse: degraded ? maybe { $0.overUse() } : nil)
    }

    mutating func problem() -> Problem {
        Problem(
            ProblemType.allCases.randomElement(using: &self)!, detail: text(),
            violatedPolicies: (0..<Int.random(in: 0...3, using: &self)).map { _ in name(upTo: 9) },
            retryAfterMs: maybe { .random(in: 1...2_678_400_000, using: &$0) }, limits: maybe { $0.limits() },
            overUse: maybe { $0.overUse() }, field: BodyField.allCases.randomElement(using: &self),
            id: maybe { $0.name(upTo: 64) })
    }

    mutating func standingBody() -> StandingBody {
        StandingBody(
            account: name(upTo: 128), plan: name(upTo: 64),
            policies: (0..<Int.random(in: 0...3, using: &self)).map { _ in
                PolicyStanding(
                    name: name(upTo: 64), meter: Meter.allCases.randomElement(using: &self)!,
                    amount: count(), used: count(), remaining: count(),
                    windowMs: .random(in: 1000...2_678_400_000, using: &self))
            }, limits: limits(), suggestedIntervalMs: maybe { .random(in: 0...2_678_400_000, using: &$0) })
    }

    /// A document with every kind of value and spelling that RFC 8259 has.
    mutating func freeDocument() -> [UInt8] { Array(freeValue(depth: 3).utf8) }

    private mutating func freeValue(depth: Int) -> String {
        let scalars = [
            "null", "true", "false", "0", "-1", "2.50", "1e3", "-0.1E-2", "9007199254740993", #""""#,
            #""a\n\u00e9""#,
            #""\ud83d\ude00""#, "\"é\u{1F600}\"",
        ]
        let space = ["", "", " ", "\n\t", "\r "].randomElement(using: &self)!
        guard depth > 0, Int.random(in: 0..<3, using: &self) > 0 else {
            return scalars.randomElement(using: &self)! + space
        }
        let values = (0..<Int.random(in: 0...4, using: &self)).map { _ in space + freeValue(depth: depth - 1)
        }
        guard bool() else { return "[" + values.joined(separator: ",") + "]" + space }
        // Names differ: what Foundation makes of equal ones is not the matter here.
        let members = values.enumerated().map { #""n\#($0.offset)"\#(space):\#($0.element)"# }
        return "{" + members.joined(separator: ",") + space + "}"
    }

    mutating func settleBody() -> SettleBody {
        SettleBody(
            durationMs: number(in: 0...2_678_400_000),
            outcome: maybe { $0.pick(Ending.Outcome.allCases) },
            memoryBytes: maybe { $0.count() })
    }

    mutating func settledBody() -> SettledBody {
        SettledBody(
            id: name(upTo: 64), chargedMs: count(), returnedMs: count(), overrunMs: count(), limits: limits(),
            overUse: maybe { $0.overUse() })
    }

    /// Changed in one to three places.
    mutating func damage(_ json: [UInt8]) -> [UInt8] { Self.json.mutant(of: json, most: 3, using: &self) }

    static let json = Mutator(
        [
            "{", "}", "[", "]", "[]", "{}", "\"", "\"\"", ":", ",", "null", "true", "-", "e", "E+", ".", " ",
            "\n", "\\",
            "\\u", "\\u00e9", "\\ud83d", "\\ude00", "\\n", "\u{1}", "\u{7F}", "\u{E9}", "\u{FEFF}",
            "\u{1F600}",
            "\"id\":", ",\"limits\":{}", ",\"id\":\"a\"", ",\"\\u0069d\":null", ",\"new\":[[[1]]]",
        ].map { Array($0.utf8) } + [[0xC3], [0xA9], [0xED, 0xA0, 0x80], [0xFF], [0xC0, 0xAF]])
}
