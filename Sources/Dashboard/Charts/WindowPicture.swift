// A window as a picture: a column per cell. The oldest cells leave at the left, the current one
// fills at the right. There is a row per meter that the plan limits in this window, all on the same
// time axis.

import Accounting

struct WindowPicture {
    /// The most rows of the table below the picture.
    static let maximumRows = 120
    /// The height of a row in the picture's units, and the least height of a column above zero.
    private static let height = 100.0
    private static let least = 2.5

    /// One meter within the window, and its smallest limit.
    private struct Row {
        let meter: Meter
        let amount: Int

        /// The charge per cell at which equal cells reach the limit.
        func evenPace(_ shape: WindowShape) -> Double { Double(amount) / Double(shape.cells) }
    }

    private let id: String
    private let window: WindowCells
    private let rows: [Row]

    /// - Parameters:
    ///   - id: the element's id, unique in its page.
    ///   - window: the cells.
    ///   - limits: the plan's limits; those with other windows are ignored.
    init(id: String, _ window: WindowCells, limits: [Limit]) {
        self.id = id
        self.window = window
        let here = limits.filter { $0.window == window.shape }
        rows = [Meter.executionTime, .executions].compactMap { meter in
            here.filter { $0.meter == meter }.map(\.amount).min().map { Row(meter: meter, amount: $0) }
        }
    }

    var html: HTML {
        #"""
        <figure class="window" aria-labelledby="\#(id)-title">
        <figcaption id="\#(id)-title"><strong>The last \#(window.shape.lengthMs.asDuration)</strong> in \#
        \#(window.shape.cells.grouped) cells of \#((window.shape.lengthMs / window.shape.cells).asDuration)</figcaption>
        \#(rows.map(row))
        <p class="axis" aria-hidden="true"><span>\#(window.shape.lengthMs.asDuration) ago, leaving</span>\#
        <span>now, filling</span></p>
        <p class="sum">\#(sentence)</p>
        \#(table)
        </figure>
        """#
    }

    // MARK: The picture

    private func row(_ row: Row) -> HTML {
        let most = window.cells.map { $0.used(row.meter) }.max() ?? 0
        let pace = row.evenPace(window.shape)
        let top = max(Double(most), pace, 1)
        let columns = window.cells.map { column($0, row.meter, top) }
        let line = Self.height - pace / top * (Self.height - 4)
        return #"""
            <div class="row">
            <p class="row-name"><strong>\#(row.meter.title)</strong> <span>fullest cell \#(row.meter.amount(most))\#
            <svg class="key" viewBox="0 0 24 6" aria-hidden="true"><line x2="24" y1="3" y2="3"/></svg>\#
            even pace \#(row.meter.amount(Int(pace.rounded())))</span></p>
            <svg class="cells \#(row.meter.rawValue)" viewBox="0 0 \#(window.shape.cells + 1) 100"\#
             preserveAspectRatio="none" role="img" aria-label="\#(row.meter.title) charged to each cell; the table below has the numbers">
            \#(columns)
            <line class="pace" x1="0" x2="\#(window.shape.cells + 1)" y1="\#(line)" y2="\#(line)"/>
            </svg>
            </div>
            """#
    }

    private func column(_ cell: SlidingWindow.Cell, _ meter: Meter, _ top: Double) -> HTML {
        let used = cell.used(meter)
        let height = used == 0 ? 0 : max(Self.least, Double(used) / top * (Self.height - 4))
        let place = cell.number - window.currentNumber + window.shape.cells
        return #"""
            <rect class="\#(kind(of: cell))" x="\#(Double(place) + 0.1)" y="\#(Self.height - height)" width="0.8"\#
             height="\#(height)"><title>\#(window.start(of: cell).ms.asTime): \#(meter.amount(used))</title></rect>
            """#
    }

    private func kind(of cell: SlidingWindow.Cell) -> String {
        if cell.number == window.currentNumber { return "filling" }
        return window.leavesInMs(cell) * window.shape.cells <= window.shape.lengthMs ? "leaving" : "counts"
    }

    // MARK: Words and table

    private var sentence: String {
        guard let oldest = window.cells.first else { return "Nothing is charged: every cell is empty." }
        let what = rows.map { $0.meter.amount(oldest.used($0.meter)) }.joined(separator: " and ")
        let count = window.cells.count == 1 ? "1 cell holds" : "\(window.cells.count.grouped) cells hold"
        return
            "\(count) charges. The oldest leaves in \(window.leavesInMs(oldest).asAge) and gives back \(what)."
    }

    private var table: HTML {
        let shown = window.cells.suffix(Self.maximumRows).reversed()
        let rest = window.cells.count - shown.count
        let without = rest > 0 ? ", without \(rest.grouped) older ones" : ""
        return #"""
            <details id="\#(id)-table"><summary>Cells as a table</summary>
            <div class="scroll" role="region" tabindex="0" aria-label="Cells">
            <table><caption>Cells with charges, newest first\#(without)</caption>
            <thead><tr><th scope="col">Began</th><th scope="col" class="number">Executions</th>\#
            <th scope="col" class="number">Execution time</th><th scope="col" class="number">Leaves in</th></tr></thead>
            <tbody>\#(shown.map(tableRow))</tbody></table></div></details>
            """#
    }

    private func tableRow(_ cell: SlidingWindow.Cell) -> HTML {
        let began = window.start(of: cell).ms
        return #"""
            <tr><th scope="row">\#(instant: began, as: began.asTime)</th>\#
            <td class="number">\#(cell.executions, as: cell.executions.grouped)</td>\#
            <td class="number">\#(cell.executionTimeMs, as: cell.executionTimeMs.asDuration)</td>\#
            <td class="number">\#(window.leavesInMs(cell).asAge)</td></tr>
            """#
    }
}

extension Meter {
    var title: String {
        switch self {
        case .executions: "Executions"
        case .executionTime: "Execution time"
        }
    }

    /// An amount; of execution time with its unit.
    func short(_ amount: Int) -> String {
        choose(executions: amount.grouped, executionTime: amount.asDuration)
    }

    /// An amount with its unit.
    func amount(_ amount: Int) -> String {
        switch self {
        case .executions: amount == 1 ? "1 execution" : "\(amount.grouped) executions"
        case .executionTime: amount.asDuration
        }
    }
}
