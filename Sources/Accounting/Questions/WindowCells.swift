// The cells of one window at one moment, for people who look at them.

/// What counts of an account within one window, cell by cell.
public struct WindowCells: Equatable, Sendable {
    public let shape: WindowShape
    /// The window's time when it was read: the ledger's clock, unless that was set back.
    public let now: Timestamp
    /// The cells that count, oldest first, at most `shape.cells + 1`; each holds at least one
    /// execution.
    public let cells: [SlidingWindow.Cell]

    package init(shape: WindowShape, now: Timestamp, cells: [SlidingWindow.Cell]) {
        self.shape = shape
        self.now = now
        self.cells = cells
    }

    /// The number of the cell that a charge made now would go to.
    public var currentNumber: Int { shape.cell(at: now) }

    /// The first instant of a cell.
    public func start(of cell: SlidingWindow.Cell) -> Timestamp { shape.start(ofCell: cell.number) }

    /// ms until a cell leaves, if nothing more is charged to it.
    public func leavesInMs(_ cell: SlidingWindow.Cell) -> Int { cell.latest + shape.lengthMs - now }
}

extension SlidingWindow.Cell {
    public func used(_ meter: Meter) -> Int {
        meter.choose(executions: executions, executionTime: executionTimeMs)
    }
}
