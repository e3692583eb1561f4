// The parser that judges the RateLimit fields is tested first: by the public Structured Fields
// suite and by the examples of the RateLimit draft.

import Foundation
import SharedVectors
import Testing

@Suite("The parser that checks our fields")
struct StructuredFieldVectorTests {
    struct Vector: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let raw: [String]?
        let header_type: String
        let expected: ExpectedField?
        let must_fail: Bool?
        let can_fail: Bool?

        var testDescription: String { name }

        static func all() throws -> [Vector] {
            let names = [
                "binary", "boolean", "date", "dictionary", "display-string", "examples", "item", "list",
                "listlist",
                "number", "param-dict", "param-list", "param-listlist", "string", "token",
            ]
            let files = try names.compactMap { try SharedVectors.data("structured-fields/\($0).json") }
            let shared = !files.isEmpty
            let vectors = try (shared ? files : [Data(sample.utf8)]).flatMap {
                try JSONDecoder().decode([Vector].self, from: $0)
            }
            SharedVectors.say("Structured Fields", vectors.count, shared: shared)
            return vectors
        }

        private static let sample = #"""
            [{"name": "list of strings", "raw": ["\"a\";q=1, \"b\""], "header_type": "list",
              "expected": [["a", [["q", 1]]], ["b", []]]},
             {"name": "trailing comma", "raw": ["\"a\","], "header_type": "list", "must_fail": true},
             {"name": "16 digits", "raw": ["1000000000000000"], "header_type": "item", "must_fail": true},
             {"name": "upper-case key", "raw": ["\"a\";Q=1"], "header_type": "list", "must_fail": true},
             {"name": "bare DEL", "raw": ["\"\u007f\""], "header_type": "item", "must_fail": true},
             {"name": "token", "raw": ["a_b-c.d3:f%00/*"], "header_type": "item",
              "expected": [{"__type": "token", "value": "a_b-c.d3:f%00/*"}, []]}]
            """#
    }

    @Test("it passes the Structured Fields suite", arguments: try Vector.all())
    func vector(_ vector: Vector) throws {
        let lines = try #require(vector.raw)
        let found = Result { try StructuredFieldParsing.describe(lines, type: vector.header_type) }
        if vector.must_fail == true {
            #expect(throws: (any Error).self) { try found.get() }
        } else if vector.can_fail != true || (try? found.get()) != nil {
            let expected = try #require(vector.expected).describe(as: vector.header_type)
            #expect(try found.get() == expected)
        }
    }

    struct Example: Decodable, Sendable, CustomTestStringConvertible {
        let field: String
        let value: String
        let items: [[Part]]
        let meets_the_draft: Bool

        var testDescription: String { "\(field): \(value)" }

        /// An item's value or its parameters.
        enum Part: Decodable, Sendable {
            case name(String)
            case parameters([String: Part])
            case number(Int64)

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let number = try? container.decode(Int64.self) {
                    self = .number(number)
                } else if let name = try? container.decode(String.self) {
                    self = .name(name)
                } else {
                    self = .parameters(try container.decode([String: Part].self))
                }
            }
        }

        private struct File: Decodable { let examples: [Example] }

        static func all() throws -> [Example] {
            let shared = try SharedVectors.data("ratelimit-headers.json")
            let data = shared ?? Data(sample.utf8)
            let examples = try JSONDecoder().decode(File.self, from: data).examples
            SharedVectors.say("RateLimit examples", examples.count, shared: shared != nil)
            return examples
        }

        private static let sample = #"""
            {"examples": [
             {"field": "RateLimit", "value": "\"default\";r=50;t=30", "items": [["default", {"r": 50, "t": 30}]],
              "meets_the_draft": true},
             {"field": "RateLimit-Policy", "value": "\"permin\";q=50;w=60,\"perhr\";q=1000;w=3600",
              "items": [["permin", {"q": 50, "w": 60}], ["perhr", {"q": 1000, "w": 3600}]],
              "meets_the_draft": true},
             {"field": "RateLimit-Policy", "value": "quota;q=10", "items": [[{"token": "quota"}, {"q": 10}]],
              "meets_the_draft": false}]}
            """#
    }

    @Test("it reads the draft's examples", arguments: try Example.all())
    func example(_ example: Example) throws {
        let items = try StructuredFieldParsing.list(example.value.utf8)
        #expect(items.count == example.items.count)
        for (item, expected) in zip(items, example.items) {
            guard case .parameters(let parameters) = expected[1] else {
                Issue.record("the example has no parameters")
                continue
            }
            if case .name(let name) = expected[0] { #expect(item.value == "string \(name)") }
            #expect(item.parameters.count == parameters.count)
            for case (let name, .number(let number)) in parameters {
                #expect(item.parameters.contains("\(name)=integer \(number)"))
            }
            let required = example.field == "RateLimit" ? "r" : "q"
            let meets = item.value.hasPrefix("string ") && parameters[required] != nil
            #expect(meets == example.meets_the_draft)
        }
    }

    @Test("our fields can say what the draft's examples of counted limits say", arguments: try Example.all())
    func rewrite(_ example: Example) throws {
        try RateLimitFieldsTests.rewrite(example)
    }
}
