// The bytes of a window as the scripts keep them (Scripts/Decide/window.lua), decoded for people.

import Accounting
import NIOCore

/// A window in the fields of the account ledger.
struct PackedWindow {
    static let blockCells = 16
    static let cellBytes = 14
    static let ownBytes = 72
    /// Added to the clock of a window that restarted, because the ledger's clock was set back; its
    /// epoch follows.
    static let epochMark = 1 << 44
    static let blockBytes = 8 + blockCells * cellBytes
    /// The values of a double in a window.
    private static let wholeNumbers = 0...(1 << 53) - 1

    private let shape: WindowShape
    /// When it last changed.
    private let clock: Timestamp
    /// The sums over the cells.
    private let executions: Int
    private let ms: Int
    /// Nil: nothing was charged.
    private let newest: SlidingWindow.Cell?
    /// Nil: the newest cell is the only one.
    private let oldest: SlidingWindow.Cell?
    /// The cells before the newest in its block.
    private let tail: ByteBuffer
    private let blocks: [ByteBuffer?]

    /// The names of its fields: its own, then those of its past blocks.
    static func fields(of shape: WindowShape) -> [String] {
        let name = LedgerKeys.field(of: shape)
        let blocks = (shape.cells + blockCells - 1) / blockCells
        return [name] + (0..<blocks).map { "\(name):\($0)" }
    }

    /// - Parameter found: the values of ``fields(of:)``; nil for a missing field.
    /// - Returns: nil if the window's own field is not a window.
    init?(_ shape: WindowShape, _ found: [ByteBuffer?]) {
        self.shape = shape
        blocks = Array(found.dropFirst())
        guard var bytes = found[0] else {
            (clock, newest, oldest, tail) = (Timestamp(ms: 0), nil, nil, ByteBuffer())
            (executions, ms) = (0, 0)
            return
        }
        guard bytes.readableBytes >= Self.ownBytes else { return nil }
        let numbers = (0..<9).compactMap { _ in bytes.readWholeDouble(in: Self.wholeNumbers) }
        guard numbers.count == 9 else { return nil }
        var clockMs = numbers[0]
        if clockMs >= Self.epochMark {
            guard bytes.readWholeDouble(in: Self.wholeNumbers) != nil else { return nil }
            clockMs -= Self.epochMark
        }
        guard bytes.readableBytes <= (Self.blockCells - 1) * Self.cellBytes, clockMs <= 1 << 43,
            numbers[3] <= clockMs, numbers[6] <= clockMs
        else { return nil }
        clock = Timestamp(ms: clockMs)
        tail = bytes
        func cell(_ first: Int) -> SlidingWindow.Cell {
            let latest = Timestamp(ms: numbers[first])
            return SlidingWindow.Cell(
                number: shape.cell(at: latest), executions: numbers[first + 1],
                executionTimeMs: numbers[first + 2],
                latest: latest)
        }
        let isEmpty = numbers[1] == 0
        newest = isEmpty ? nil : cell(3)
        oldest = isEmpty || numbers[1] == numbers[4] ? nil : cell(6)
        (executions, ms) = (numbers[1], numbers[2])
    }

    /// The cells that count at `clock`, oldest first; nil if ``window()`` is nil.
    func cells(at clock: Timestamp) -> [SlidingWindow.Cell]? {
        var window = window()
        window?.advance(to: clock)
        return window?.cells
    }

    /// The window as it was stored; nil if a block is invalid, the cells are out of order or
    /// further apart than the window is long, or the sums are not those of the cells.
    func window() -> SlidingWindow? {
        guard let newest else { return SlidingWindow(shape: shape, cells: [], clock: clock) }
        var cells = [newest]
        if let oldest {
            guard oldest.number < newest.number, newest.latest < oldest.latest + shape.lengthMs else {
                return nil
            }
            var between: [SlidingWindow.Cell] = []
            for number in oldest.number + 1..<newest.number {
                switch cell(number, beside: newest) {
                case .cell(let cell): between.append(cell)
                case .none: break
                case .damaged: return nil
                }
            }
            cells = [oldest] + between + [newest]
        }
        guard cells.reduce(0, { $0 + $1.executions }) == executions,
            cells.reduce(0, { $0 + $1.executionTimeMs }) == ms
        else { return nil }
        return SlidingWindow(shape: shape, cells: cells, clock: clock)
    }

    private enum Found {
        case cell(SlidingWindow.Cell)
        case none
        case damaged
    }

    private func cell(_ number: Int, beside newest: SlidingWindow.Cell) -> Found {
        let (block, at) = number.quotientAndRemainder(dividingBy: Self.blockCells)
        var bytes: ByteBuffer
        if block == newest.number / Self.blockCells {
            guard tail.readableBytes == newest.number % Self.blockCells * Self.cellBytes else {
                return .damaged
            }
            bytes = tail
        } else {
            guard let kept = blocks[block % blocks.count] else { return .none }
            bytes = kept
            guard bytes.readableBytes == Self.blockBytes else { return .damaged }
            guard bytes.readWholeDouble(in: Self.wholeNumbers) == block else { return .none }
        }
        bytes.moveReaderIndex(forwardBy: at * Self.cellBytes)
        guard let executions = bytes.readInteger(endianness: .little, as: UInt32.self),
            let ms = bytes.readWhole48(), let offset = bytes.readInteger(endianness: .little, as: UInt32.self)
        else { return .damaged }
        guard executions > 0 else { return .none }
        let latest = shape.start(ofCell: number) + Int(offset)
        guard shape.cell(at: latest) == number else { return .damaged }
        return .cell(
            SlidingWindow.Cell(
                number: number, executions: Int(executions), executionTimeMs: ms, latest: latest))
    }
}
