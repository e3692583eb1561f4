// The fields of the rollups in Redis: what each counts, and its series of amounts.
// `Scripts/count.lua` describes their form.

import Accounting
import NIOCore

/// What one field of the rollups counts.
struct RollupField: Equatable {
    enum Quantity: Equatable {
        case executions, ms, errors
        /// Of the limit with this name.
        case denials(String), peakPercent(String)
    }

    let quantity: Quantity
    /// Nil: all functions, and executions without a function.
    let function: String?

    /// - Returns: nil for a field that a later version may have written.
    init?(field: String) {
        // By bytes: a function may begin with a mark that combines with the previous character.
        let parts = field.utf8.split(
            separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
        function = parts.count == 2 ? String(decoding: parts[1], as: UTF8.self) : nil
        let name = String(decoding: parts[0], as: UTF8.self).split(separator: " ", maxSplits: 1)
        switch (name.first, name.count) {
        case ("x", 1): quantity = .executions
        case ("t", 1): quantity = .ms
        case ("e", 1): quantity = .errors
        case ("d", 2): quantity = .denials(String(name[1]))
        case ("p", 2): quantity = .peakPercent(String(name[1]))
        default: return nil
        }
    }

    /// The fields that an account's activity adds to, without those to which it adds nothing.
    static func fields(of activity: AccountActivity) -> [(field: String, amount: Int)] {
        var fields: [(field: String, amount: Int)] = []
        func add(_ quantity: String, _ function: String, _ amount: Int) {
            if amount > 0 { fields.append((quantity + function, amount)) }
        }
        func add(_ activity: Activity, _ function: String) {
            add("x", function, activity.executions)
            add("t", function, activity.executionTimeMs)
            add("e", function, activity.errors)
            for (limit, denials) in activity.denials { add("d " + limit, function, denials) }
        }
        for (limit, percent) in activity.peakPercent { add("p " + limit, "", percent) }
        add(activity.total, "")
        for (function, part) in activity.functions { add(part, "/" + function) }
        return fields
    }

    func add(_ amount: Int, to activity: inout Activity) {
        switch quantity {
        case .executions: activity.executions += amount
        case .ms: activity.executionTimeMs += amount
        case .errors: activity.errors += amount
        case .denials(let limit): activity.denials[limit, default: 0] += amount
        case .peakPercent: break
        }
    }

    func add(_ amount: Int, to point: inout Rollups.Point) {
        add(amount, to: &point.activity)
        if case .peakPercent(let limit) = quantity {
            point.peakPercent[limit] = max(point.peakPercent[limit] ?? 0, amount)
        }
    }
}

/// The amounts of a field, by the period within its key. Bytes after the last whole amount are
/// ignored.
struct RollupSeries: Sequence, IteratorProtocol {
    private var bytes: ByteBuffer

    init(_ bytes: ByteBuffer) { self.bytes = bytes }

    mutating func next() -> (period: Int, amount: Int)? {
        guard bytes.readableBytes >= 8, let number = bytes.readInteger(endianness: .little, as: UInt64.self)
        else { return nil }
        return (Int(number & 0xFF), Int(number >> 8))
    }
}
