// The use of a window, as far as a client can know it from the replies: never more than it was.

/// The charges of one account within one window, in cells. A cell counts while all of its charges
/// are within the window. So the sum is a lower bound, which lacks at most one cell. Charges may
/// come a little out of order, as replies do.
struct ChargedWindow {
    /// The cells of a window; each takes 32 bytes while it has charges.
    static let cells = 240

    private struct Cell {
        let number: Int
        /// When its earliest charge was made, in ms.
        var earliest: Int
        var executions = 0
        var executionTimeMs = 0
    }

    /// The cells with charges, in order.
    private var kept: [Cell] = []
    /// The latest instant of a charge, ms.
    private var clock = 0
    private(set) var executions = 0
    private(set) var executionTimeMs = 0

    /// - Parameters:
    ///   - grantMs: the charge.
    ///   - instant: when it was made, in ms by the ledger's clock.
    ///   - lengthMs: the length of the window, always the same.
    mutating func charge(_ grantMs: Int, at instant: Int, lengthMs: Int) {
        clock = max(clock, instant)
        let number = Self.cell(at: instant, lengthMs: lengthMs)
        // Nearly always the last one.
        let place = (kept.lastIndex { $0.number <= number } ?? -1) + 1
        if place > 0, kept[place - 1].number == number {
            charge(grantMs, at: instant, place - 1)
        } else {
            kept.insert(Cell(number: number, earliest: instant), at: place)
            charge(grantMs, at: instant, place)
        }
        drop(lengthMs: lengthMs)
    }

    private mutating func charge(_ grantMs: Int, at instant: Int, _ place: Int) {
        kept[place].earliest = min(kept[place].earliest, instant)
        kept[place].executions += 1
        kept[place].executionTimeMs += grantMs
        executions += 1
        executionTimeMs += grantMs
    }

    /// Returns the unused part of a charge that was made at `instant`.
    mutating func giveBack(_ unusedMs: Int, at instant: Int, lengthMs: Int) {
        let number = Self.cell(at: instant, lengthMs: lengthMs)
        guard let place = kept.lastIndex(where: { $0.number == number }) else { return }
        kept[place].executionTimeMs -= unusedMs
        executionTimeMs -= unusedMs
    }

    private mutating func drop(lengthMs: Int) {
        let gone = kept.prefix { $0.earliest + lengthMs <= clock }
        guard !gone.isEmpty else { return }
        for cell in gone {
            executions -= cell.executions
            executionTimeMs -= cell.executionTimeMs
        }
        kept.removeFirst(gone.count)
    }

    private static func cell(at instant: Int, lengthMs: Int) -> Int { instant * cells / lengthMs }
}
