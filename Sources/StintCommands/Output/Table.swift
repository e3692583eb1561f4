// Tables for people: columns as wide as their widest cell, numbers aligned to the right, high
// percentages in colour. Titles and cells are made printable, so each row stays one line.

import WireFormat

/// Rows under a heading, as text.
struct Table: CustomStringConvertible {
    struct Column {
        var title: String
        var isNumber = false
        var isPercent = false

        static func text(_ title: String) -> Column { Column(title: title) }
        static func number(_ title: String) -> Column { Column(title: title, isNumber: true) }
        /// Whole numbers: yellow from 80 on, red from 100 on.
        static func percent(_ title: String) -> Column {
            Column(title: title, isNumber: true, isPercent: true)
        }

        fileprivate var printable: Column {
            var column = self
            column.title = WireFormat.printable(title)
            return column
        }
    }

    let columns: [Column]
    private(set) var rows: [[String]] = []

    init(_ columns: Column...) { self.init(columns) }
    init(_ columns: [Column]) { self.columns = columns.map { $0.printable } }

    /// - Parameter cells: one per column.
    mutating func add(_ cells: String...) { add(cells) }

    mutating func add(_ cells: [String]) {
        precondition(cells.count == columns.count)
        rows.append(cells.map { printable($0) })
    }

    var description: String { text(isColoured: Terminal.hasColours) }

    func text(isColoured: Bool) -> String {
        let lines = [columns.map(\.title)] + rows
        let widths = columns.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { cells in
            var line = ""
            for (index, cell) in cells.enumerated() {
                let blanks = String(repeating: " ", count: widths[index] - cell.count)
                let padded = columns[index].isNumber ? blanks + cell : cell + blanks
                let isPlain = !isColoured || !columns[index].isPercent
                line += (index == 0 ? "" : "  ") + (isPlain ? padded : Self.coloured(padded, Int(cell)))
            }
            while line.last == " " { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }

    private static func coloured(_ text: String, _ percent: Int?) -> String {
        switch percent ?? 0 {
        case ..<80: text
        case ..<100: "\u{1B}[33m\(text)\u{1B}[0m"
        default: "\u{1B}[31m\(text)\u{1B}[0m"
        }
    }
}
