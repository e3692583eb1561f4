// Names as numbers: equal names have equal numbers.

import SeededChance
import Testing

@testable import Traces

@Suite("Names as numbers")
struct NameInternerTests {
    @Test("The same name has the same number, another name another, and numbers count up")
    func counts() {
        var random = SeededGenerator(seed: 1)
        var table = NameInterner(maximum: 100_000)
        var expected: [[UInt8]: Int] = [:]
        for _ in 0..<5_000 {
            let length = random.pick([1, 2, 7, 8, 9, 16, 40])
            let name = (0..<length).map { _ in UInt8(random.number(in: 97...99)) }
            let before = expected.count
            let number = expected[name] ?? before
            expected[name] = number
            // At another place each time, between other bytes.
            let offset = random.number(in: 0...5)
            let text = [UInt8](repeating: 97, count: offset) + name + [97, 98]
            let given = table.number(of: text, at: offset..<offset + length)
            #expect(given == number)
            #expect(table.count == expected.count)
        }
        #expect(expected.count > 1_000)
        for (name, number) in expected { #expect(table[number] == String(decoding: name, as: UTF8.self)) }
    }

    @Test("A full table knows its names, and takes no other")
    func isFull() {
        var table = NameInterner(maximum: 2)
        let text = Array("abc".utf8)
        let given = [1, 2, 3, 2].map { table.number(of: text, at: 0..<$0) }
        #expect(given == [0, 1, nil, 1])
        #expect(table.count == 2)
    }
}
