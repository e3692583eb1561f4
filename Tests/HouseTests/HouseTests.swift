// The style as a test: every rule runs on the repository, and on one bad example that it must
// reject.

import Testing

@Suite("The house")
struct HouseTests {
    /// Whether a path of the repository is there.
    typealias Exists = @Sendable (String) -> Bool

    struct Rule: Sendable, CustomTestStringConvertible {
        let testDescription: String
        private(set) var bad: [HouseFile]
        let check: @Sendable ([HouseFile], Exists) -> [String]

        /// - Parameters:
        ///   - path: of a file that breaks the rule once.
        ///   - text: of that file.
        init(
            _ description: String, bad path: String, _ text: String,
            _ check: @escaping @Sendable ([HouseFile]) -> [String]
        ) {
            testDescription = description
            bad = [HouseFile(path: path, text: text)]
            self.check = { files, _ in check(files) }
        }

        /// - Parameter package: the text of Package.swift beside the bad file.
        init(
            _ description: String, package: String, bad path: String, _ text: String,
            _ check: @escaping @Sendable ([HouseFile]) -> [String]
        ) {
            self.init(description, bad: path, text, check)
            bad.append(HouseFile(path: "Package.swift", text: package))
        }

        /// A rule about the files that `bad` names.
        init(_ description: String, named path: String, _ text: String) {
            testDescription = description
            bad = [HouseFile(path: path, text: text)]
            check = { HouseRules.namedFiles($0, exists: $1) }
        }
    }

    /// `head`, 69 lines and two braces: one line more than a function may have.
    static func long(_ head: String) -> String {
        "struct A {\n    \(head) {\n" + String(repeating: "        b()\n", count: 69) + "    }\n}\n"
    }

    static let rules: [Rule] = [
        Rule(
            "modules import what Package.swift declares",
            package: ".target(name: \"Redis\"),\n        .target(name: \"RunnerAPI\")",
            bad: "Sources/Redis/A.swift", "internal import Redis\ninternal import RunnerAPI",
            HouseRules.arrows),
        Rule(
            "arrows go down only", package: #".target(name: "Redis", dependencies: ["RedisLedger", nio])"#,
            bad: "Sources/Redis/A.swift", "@testable import RedisLedger", HouseRules.arrows),
        Rule(
            "what is declared is imported", package: #".target(name: "Redis", dependencies: ["CHiredis"])"#,
            bad: "Sources/Redis/A.swift", "struct A {}", HouseRules.arrows),
        Rule(
            "every module has its layer", bad: "Sources/Attic/A.swift", "struct A {}",
            HouseRules.arrows),
        Rule(
            "ARCHITECTURE.md shows the arrows", bad: "docs/ARCHITECTURE.md", "none",
            HouseRules.arrowsInArchitecture),
        Rule(
            "Accounting is pure", bad: "Sources/Accounting/A.swift", "public import struct Logging.Logger",
            HouseRules.purity),
        Rule(
            "the fast modules do without Foundation", bad: "Sources/Redis/A.swift",
            "import FoundationEssentials", HouseRules.foundation),
        Rule(
            "folders are named after what lives there", bad: "Sources/Redis/Utils/A.swift", "struct A {}",
            HouseRules.folders),
        Rule(
            "a file is named after a type in it", bad: "Sources/Redis/Stuff.swift",
            "extension Redis.Other {}", HouseRules.names),
        Rule(
            "functions have at most 70 lines", bad: "Tests/A/A.swift", long("static func a()"),
            HouseRules.functionLengths),
        Rule(
            "initialisers have at most 70 lines", bad: "Tests/A/A.swift", long("public init(a: Int)"),
            HouseRules.functionLengths),
        Rule(
            "files have at most 400 lines", bad: "Sources/Redis/A.swift",
            String(repeating: "// line\n", count: 401)
        ) { HouseRules.fileLengths($0) },
        Rule(
            "no file names a path of one machine", bad: "docs/A.md", "see " + "/" + "home/me/notes",
            HouseRules.machinePaths),
        Rule(
            "comments have at most 100 columns", bad: "scripts/a.sh",
            "# " + String(repeating: "a", count: 99), HouseRules.commentWidths),
        Rule(
            "prose in Markdown has at most 100 columns", bad: "docs/A.md",
            "```\n" + String(repeating: "a", count: 101) + "\n```\n" + String(repeating: "b", count: 101),
            HouseRules.markdownWidths),
        Rule(
            "comments name files that are there", bad: "Sources/Redis/A.swift", "// See gone.lua.",
            HouseRules.namesInComments),
        Rule(
            "comments name symbols that are there", bad: "Sources/Redis/A.swift",
            "/// As ``Redis/Gone/gone(a:)`` does.", HouseRules.namesInComments),
        Rule(
            "each parameter has an item of its own", bad: "Sources/Redis/A.swift",
            "///   - a: one. - b: another.", HouseRules.parametersInOneItem),
        Rule(
            "examples in catalogs are quoted from code that is compiled",
            bad: "Sources/Redis/Documentation.docc/A.md", "```swift\nlet a = 1\n```",
            HouseRules.quotedExamples),
        Rule(
            "clocks and sleeps stand where the table says", bad: "Sources/Redis/A.swift",
            "let start = ContinuousClock.now"
        ) { HouseRules.places($0, HouseRules.clocks) },
        Rule("errors are not dropped", bad: "Sources/Redis/A.swift", "try? a()") {
            HouseRules.places($0, HouseRules.droppedErrors)
        },
        Rule(
            "unsafe code stands where the table says", bad: "Sources/Redis/A.swift",
            "a.withUnsafeBytes { $0 }"
        ) { HouseRules.places($0, HouseRules.unsafeCode) },
        Rule(
            "functions and loops of Lua have at most 70 lines", bad: "Sources/Redis/a.lua",
            "for i = 1, 2 do\n" + String(repeating: "  b()\n", count: 69) + "end\n", HouseRules.luaLengths),
        Rule(
            "great numbers in Lua have a name", bad: "Sources/Redis/a.lua", "f(30000)",
            HouseRules.luaNumbers),
        Rule(
            "Swift and Lua state the same rule", bad: "Sources/Accounting/Rule/SlidingWindow.swift",
            "//  1. a\n// 10. b", HouseRules.rule),
        Rule("banned words stay out", bad: "Sources/Redis/A.swift", "let key: Measure", HouseRules.words),
        Rule("links lead somewhere", named: "docs/decisions/A.md", "[gone](../GONE.md#part)"),
        Rule("named sources exist", named: "docs/A.md", "`Sources/Redis/Gone.swift`"),
        Rule("named scripts exist", named: "Makefile", "deps:\n\t@scripts/gone.sh\n"),
    ]

    @Test("The repository keeps every rule", arguments: rules)
    func repository(keeps rule: Rule) throws {
        let house = try Self.house.get()
        try #require(house.files.contains { $0.path == "Package.swift" }, "looked in the wrong folder")
        let complaints = rule.check(house.files) { house.exists($0) }
        #expect(complaints.isEmpty, "\n\(complaints.joined(separator: "\n"))")
    }

    @Test("Every rule refuses its bad example", arguments: rules)
    func badExample(isRefusedBy rule: Rule) {
        #expect(rule.check(rule.bad) { _ in false }.count == 1)
    }

    @Test("A long file in the table may shrink only together with its number")
    func ratchet() {
        let file = HouseFile(path: "Sources/Redis/A.swift", text: String(repeating: "// line\n", count: 450))
        #expect(HouseRules.fileLengths([file], known: [file.path: 450]).isEmpty)
        #expect(HouseRules.fileLengths([file], known: [file.path: 449]).count == 1)
        #expect(HouseRules.fileLengths([file], known: [file.path: 451]).count == 1)
    }

    @Test("Functions are measured from their first line to their closing brace, if they have one")
    func functions() {
        let text = """
            protocol P {
                func required(a: Int) -> Int
                init()
            }
            struct S {
                init() { a = 1 }
                public static func wrapped(
                    a: Int
                ) async throws -> Int
                where A: B
                {
                    a
                }
                func last() {
                    init_()
                }
            }
            """
        #expect(HouseFile(path: "a.swift", text: text).functions.map(\.line) == [7, 14])
        #expect(HouseFile(path: "a.swift", text: text).functions.map(\.length) == [7, 3])
    }

    @Test("Import lines are read in every form")
    func imports() {
        let text = """
            import A
            @testable import B
            @_exported public import C
            @preconcurrency internal import struct D.Thing
            // import NotMe
            private import func E.run
            """
        #expect(HouseFile(path: "a.swift", text: text).imports == ["A", "B", "C", "D", "E"])
    }

    private static let house = Result { try House() }
}
