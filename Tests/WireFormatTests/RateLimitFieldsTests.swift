// RateLimit, RateLimit-Policy and Retry-After: exact bytes, and that a maintained parser reads them
// with the intended meaning.

import SharedVectors
import Testing
import WireFormat

@Suite("RateLimit fields")
struct RateLimitFieldsTests {
    typealias ListItem = StructuredFieldParsing.ListItem

    static let executions = RateLimitPolicy(name: "executions", quota: 6000, windowMs: 60_000)
    static let time = RateLimitPolicy(
        name: "execution-time", quota: 600_000, windowMs: 60_000, unit: RateLimitPolicy.executionMs)

    static func item(_ fields: RateLimitFields, available: Int, growsAfterMs: Int?, retryAfterMs: Int? = nil)
        -> String
    {
        var bytes: [UInt8] = []
        fields.appendItem(
            0, available: available, growsAfterMs: growsAfterMs, retryAfterMs: retryAfterMs, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("the default plan's fields")
    func defaultPlan() throws {
        let fields = RateLimitFields([Self.executions])
        #expect(!fields.isEmpty)
        #expect(fields.policyValue == Array(#""executions";q=6000;w=60"#.utf8))
        #expect(
            Self.item(fields, available: 5312, growsAfterMs: 6412, retryAfterMs: 6412)
                == #""executions";r=5312;t=7"#)
        #expect(
            try StructuredFieldParsing.list(fields.policyValue)
                == [ListItem("string executions", "q=integer 6000", "w=integer 60")])
    }

    @Test("several policies, one of them of time")
    func several() throws {
        let fields = RateLimitFields([Self.executions, Self.time])
        var value: [UInt8] = []
        fields.appendItem(0, available: 5312, growsAfterMs: 1, to: &value)
        fields.appendItem(1, available: 0, growsAfterMs: 6412, to: &value)
        #expect(
            fields.policyValue
                == Array(#""executions";q=6000;w=60, "execution-time";q=600000;qu="execution-ms";w=60"#.utf8))
        #expect(value == Array(#""executions";r=5312;t=1, "execution-time";r=0;t=7"#.utf8))
        #expect(
            try StructuredFieldParsing.list(fields.policyValue) == [
                ListItem("string executions", "q=integer 6000", "w=integer 60"),
                ListItem(
                    "string execution-time", "q=integer 600000", "qu=string execution-ms", "w=integer 60"),
            ])
        #expect(
            try StructuredFieldParsing.list(value) == [
                ListItem("string executions", "r=integer 5312", "t=integer 1"),
                ListItem("string execution-time", "r=integer 0", "t=integer 7"),
            ])
    }

    @Test("a plan without counted limits has neither field")
    func none() {
        #expect(RateLimitFields([]).isEmpty)
        #expect(RateLimitFields([]).policyValue.isEmpty)
    }

    @Test(
        "milliseconds become seconds rounded up, at least 1",
        arguments: [
            (-5, 1), (0, 1), (1, 1), (999, 1), (1000, 1), (1001, 2), (6412, 7), (59_999, 60), (60_000, 60),
            (60_001, 61), (2_678_400_000, 2_678_400), (.max, 9_223_372_036_854_776),
        ])
    func seconds(milliseconds: Int, seconds: Int) {
        #expect(Seconds.roundedUp(milliseconds: milliseconds) == seconds)
    }

    @Test(
        "a window is told in whole seconds, rounded up",
        arguments: [(1, 1), (1000, 1), (1500, 2), (60_000, 60), (60_500, 61), (2_678_400_000, 2_678_400)])
    func window(windowMs: Int, seconds: Int) {
        let fields = RateLimitFields([RateLimitPolicy(name: "a", quota: 1, windowMs: windowMs)])
        #expect(String(decoding: fields.policyValue, as: UTF8.self) == "\"a\";q=1;w=\(seconds)")
    }

    @Test(
        "t is when r next grows, never later than Retry-After, and missing when nothing is used",
        arguments: [
            (nil, nil, ""), (nil, 5000, ""), (0, nil, ";t=1"), (999, nil, ";t=1"), (6412, nil, ";t=7"),
            (6412, 6412, ";t=7"), (6412, 7000, ";t=7"), (30_000, 6412, ";t=7"), (30_000, 1, ";t=1"),
            (6001, 6999, ";t=7"),
        ] as [(Int?, Int?, String)])
    func effectiveWindow(growsAfterMs: Int?, retryAfterMs: Int?, expected: String) {
        let fields = RateLimitFields([Self.executions])
        #expect(
            Self.item(fields, available: 9, growsAfterMs: growsAfterMs, retryAfterMs: retryAfterMs)
                == #""executions";r=9"# + expected)
    }

    @Test("counts beyond a Structured Field's 15 digits are told as the most that it holds")
    func largeCounts() throws {
        let fields = RateLimitFields([
            RateLimitPolicy(name: "a", quota: 9_007_199_254_740_991, windowMs: 1000)
        ])
        #expect(fields.policyValue == Array(#""a";q=999999999999999;w=1"#.utf8))
        let item = Self.item(fields, available: 1_000_000_000_000_000, growsAfterMs: nil)
        #expect(item == #""a";r=999999999999999"#)
        #expect(
            try StructuredFieldParsing.list(item.utf8) == [ListItem("string a", "r=integer 999999999999999")])
    }

    @Test("any name makes a field that parses", arguments: try NaughtyStrings.all())
    func naughtyNames(_ name: String) throws {
        let fields = RateLimitFields([RateLimitPolicy(name: name, quota: 1, windowMs: 1000, unit: name)])
        let item = try #require(try StructuredFieldParsing.list(fields.policyValue).first)
        let other = try #require(
            try StructuredFieldParsing.list(Self.item(fields, available: 1, growsAfterMs: nil).utf8).first)
        #expect(item.value == other.value)
        if name.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { #expect(item.value == "string \(name)") }
    }

    /// Writes an example of the draft with our writer and compares what a parser finds in both.
    /// Examples with partition keys, comments or token names say things this service never says.
    static func rewrite(_ example: StructuredFieldVectorTests.Example) throws {
        let known: Set<String> = example.field == "RateLimit" ? ["r", "t"] : ["q", "w"]
        let items = example.items.compactMap { parts -> (name: String, numbers: [String: Int])? in
            guard case .name(let name) = parts[0], case .parameters(let parameters) = parts[1] else {
                return nil
            }
            let numbers = parameters.compactMapValues {
                if case .number(let value) = $0 { Int(value) } else { nil }
            }
            return Set(numbers.keys).isSubset(of: known) && numbers.count == parameters.count
                ? (name, numbers) : nil
        }
        guard items.count == example.items.count else {
            #expect(
                !example.meets_the_draft || ["pk", "burst", "q="].contains { example.value.contains($0) })
            return
        }
        let fields = RateLimitFields(
            items.map {
                RateLimitPolicy(
                    name: $0.name, quota: $0.numbers["q"] ?? 0, windowMs: ($0.numbers["w"] ?? 0) * 1000)
            })
        var value = example.field == "RateLimit" ? [] : fields.policyValue
        if example.field == "RateLimit" {
            for (index, item) in items.enumerated() {
                fields.appendItem(
                    index, available: item.numbers["r"] ?? 0,
                    growsAfterMs: item.numbers["t"].map { $0 * 1000 },
                    to: &value)
            }
        }
        #expect(try StructuredFieldParsing.list(value) == StructuredFieldParsing.list(example.value.utf8))
    }
}
