// The charts: every cell and every minute is in its place and has its height.

import Accounting
import Testing
import WireFormat

@testable import Dashboard

@Suite("Pictures")
struct PictureTests {
    private static let now = Timestamp(ms: 1_770_076_830_500)
    private static let shape = WindowShape(lengthMs: 60_000)

    /// A cell that began so many cells before the current one, its latest charge at its beginning.
    private static func cell(_ back: Int, _ executions: Int, _ ms: Int) -> SlidingWindow.Cell {
        let number = now.ms / 1_000 - back
        return SlidingWindow.Cell(
            number: number, executions: executions, executionTimeMs: ms, latest: Timestamp(ms: number * 1_000)
        )
    }

    @Test("A window has a column for each cell, now at the right, and what leaves next at the left")
    func window() throws {
        let limits = [
            try Limit(name: "time", meter: .executionTime, amount: 600_000, windowMs: 60_000),
            try Limit(name: "other", meter: .executions, amount: 5, windowMs: 1_000),
        ]
        let cells = [Self.cell(59, 1, 5_000), Self.cell(30, 2, 20_000), Self.cell(0, 1, 10)]
        let picture = WindowPicture(
            id: "w", WindowCells(shape: Self.shape, now: Self.now, cells: cells), limits: limits
        ).html.text
        // The highest is 96 of 100 high; even pace is half of it.
        let columns = [
            #"<rect class="leaving" x="1.1" y="76" width="0.8" height="24"><title>23:59:31: 5 s</title></rect>"#,
            #"<rect class="counts" x="30.1" y="4" width="0.8" height="96"><title>00:00:00: 20 s</title></rect>"#,
            #"<rect class="filling" x="60.1" y="97.5" width="0.8" height="2.5"><title>00:00:30: 10 ms</title></rect>"#,
        ]
        for column in columns { #expect(picture.contains(column), "\(column) in \(picture)") }
        #expect(picture.contains(#"viewBox="0 0 61 100""#) && picture.contains(#"y1="52" y2="52""#))
        #expect(picture.contains("3 cells hold charges. The oldest leaves in 500 ms and gives back 5 s."))
        #expect(
            picture.contains(#"<data value="20000">20 s</data>"#) && !picture.contains("executions charged"))

        let empty = WindowCells(shape: Self.shape, now: Self.now, cells: [])
        let nothing = WindowPicture(id: "w", empty, limits: limits).html.text
        #expect(nothing.contains("every cell is empty") && !nothing.contains("<rect"))
    }

    @Test("A chart has a column for each minute, marks what was denied, and has it all as a table")
    func history() {
        let from = 1_770_076_800_000
        let usage = UsageBody(
            account: "acme", from: from, to: from + 3_600_000, step: "minute", function: nil,
            points: [
                UsageBody.Point(
                    at: from, executions: 100, executionMs: 5_000, errors: 25, denials: [:],
                    peakPercent: ["executions": 10]),
                UsageBody.Point(
                    at: from + 3_540_000, executions: 50, executionMs: 10_000, errors: 0,
                    denials: ["executions": 3, "execution-time": 1], peakPercent: ["executions": 100]),
            ], functions: [])
        let chart = HistoryChart(step: .minute, usage: usage).html.text
        #expect(chart.contains("150 executions, 15 s, 25 failed, 4 denied."))
        let columns = [
            #"<rect x="0.1" y="0" width="0.8" height="100"><title>00:00: 100 executions, 5 s, 25 failed, 0 denied"#,
            #"<rect class="failed" x="0.1" y="75" width="0.8" height="25"/>"#,
            #"<rect x="59.1" y="50" width="0.8" height="50"><title>00:59: "#,
            #"<polygon points="59.5,1 59.95,9 59.05,9">"#, "in 1 of 60 minutes",
            "<td>execution-time 1, executions 3</td><td>executions 100 %</td>",
        ]
        for column in columns { #expect(chart.contains(column), "\(column) in \(chart)") }
        var nothing = usage
        nothing.points = []
        let empty = HistoryChart(step: .hour, usage: nothing).html.text
        #expect(empty.contains("0 executions, 0 ms, 0 failed, 0 denied.") && !empty.contains("<rect"))
    }
}
