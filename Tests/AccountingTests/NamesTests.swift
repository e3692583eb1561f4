// The names of accounts and executions, and the ids that are made here.

import Accounting
import RuleTable
import SeededChance
import Testing

@Suite("Names")
struct NamesTests {
    static let good = ["a", "Z", "0", "acct-1", "a.b_c-D9", String(repeating: "x", count: 64)]
    static let bad = [
        "", " ", "a b", "a/b", "é", "a\u{0}", "{a}", "a}", "a\n", "a\r\n", "a,b", "a*", "ａ", "a\\", "\u{7F}",
        String(repeating: "x", count: 129), String(repeating: "é", count: 32),
    ]

    @Test("These are names of accounts and of executions", arguments: good)
    func takes(_ name: String) {
        #expect(Account(name)?.name == name)
        #expect(ExecutionID(name)?.name == name)
    }

    @Test("These are names of nothing", arguments: bad)
    func refuses(_ name: String) {
        #expect(Account(name) == nil)
        #expect(ExecutionID(name) == nil)
    }

    @Test(
        "An account takes colon, at and 128 bytes, an execution does not",
        arguments: [
            "a:b", "a@b", ":", "@", String(repeating: "x", count: 65), String(repeating: "x", count: 128),
        ])
    func differ(_ name: String) {
        #expect(Account(name)?.description == name)
        #expect(ExecutionID(name) == nil)
    }

    @Test("Of all single bytes an account takes 67, an execution 65")
    func countsBytes() {
        let bytes = (UInt8.min...UInt8.max).map { String(decoding: [$0], as: UTF8.self) }
        #expect(bytes.filter { Account($0) != nil }.count == 67)
        #expect(bytes.filter { ExecutionID($0) != nil }.count == 65)
    }

    @Test("Ids made here are valid, 15 bytes long, different, and use the whole alphabet")
    func makesIDs() {
        var random = SeededGenerator(seed: 7)
        let ids = (0..<10_000).map { _ in ExecutionID(using: &random) }
        let names = Set(ids.map(\.name))
        #expect(names.count == 10_000)
        #expect(ids.allSatisfy { ExecutionID($0.name) == $0 && $0.name.utf8.count == 15 })
        for place in 0..<15 {
            let seen = Set(names.map { Array($0.utf8)[place] })
            #expect(seen.count == 64, "place \(place) never holds some letters")
        }
    }
}
