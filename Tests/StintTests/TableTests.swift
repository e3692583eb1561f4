// Tables for people: their width, and when they have colours.

import Testing

@testable import StintCommands

@Suite("Tables")
struct TableTests {
    private static func table() -> Table {
        var table = Table(.text("ACCOUNT"), .number("USED"), .percent("%"))
        table.add("a-long-name", "5", "79")
        table.add("b", "12345", "80")
        table.add("c", "", "100")
        return table
    }

    @Test("Columns are as wide as their widest cell, and numbers stand to the right")
    func plain() {
        #expect(
            Self.table().text(isColoured: false) == """
                ACCOUNT       USED    %
                a-long-name      5   79
                b            12345   80
                c                   100
                """)
    }

    @Test("A row is a line, and nothing in a cell or a title is obeyed")
    func printable() {
        var table = Table(.text("N\u{1B}[2J"), .percent("% a\n"))
        table.add("evil\nforged\u{9B}\u{202E}", "7\u{7}")
        let lines = table.text(isColoured: true).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix(#"N\u001B[2J"#) && lines[0].hasSuffix(#"% a\n"#))
        #expect(lines[1].hasPrefix(#"evil\nforged\u009B\u202E"#) && lines[1].hasSuffix(#"7\u0007"#))
    }

    @Test("What is nearly used up is yellow, what is used up red, and nothing else has a colour")
    func coloured() {
        let lines = Self.table().text(isColoured: true).split(separator: "\n").map(String.init)
        #expect(lines[0] == "ACCOUNT       USED    %" && lines[1] == "a-long-name      5   79")
        #expect(lines[2] == "b            12345  \u{1B}[33m 80\u{1B}[0m")
        #expect(lines[3] == "c                   \u{1B}[31m100\u{1B}[0m")
    }
}
