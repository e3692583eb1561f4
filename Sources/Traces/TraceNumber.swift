// Whole numbers as written by programs that keep every number as a fraction: `840`, `840.0`,
// `1e+05`, `1.2345e4`.

/// A number of a trace, read from its bytes.
enum TraceNumber {
    /// The maximum number of digits that certainly fits an `Int`.
    private static let mostDigits = 18

    /// - Returns: nil if the bytes are not a number, or the number is not whole or out of its
    ///   bounds.
    static func value(of field: ArraySlice<UInt8>, in bound: ClosedRange<Int>) -> Int? {
        let e = field.firstIndex { $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "E") } ?? field.endIndex
        let point = field[..<e].firstIndex(of: UInt8(ascii: ".")) ?? e
        let whole = field[..<point]
        let fraction = point == e ? [] : field[(point + 1)..<e]
        guard !whole.isEmpty, point == e || !fraction.isEmpty,
            let exponent = e == field.endIndex ? 0 : exponent(field[(e + 1)...])
        else { return nil }
        var digits = Array(whole) + fraction
        var power = exponent - fraction.count
        while power < 0, digits.count > 1, digits.last == UInt8(ascii: "0") {
            digits.removeLast()
            power += 1
        }
        guard let number = self.digits(digits) else { return nil }
        if number == 0 { return bound.contains(0) ? 0 : nil }
        guard (0...mostDigits).contains(power) else { return nil }
        var value = number
        for _ in 0..<power {
            guard value <= bound.upperBound / 10 else { return nil }
            value *= 10
        }
        return bound.contains(value) ? value : nil
    }

    private static func exponent(_ text: ArraySlice<UInt8>) -> Int? {
        let isNegative = text.first == UInt8(ascii: "-")
        let isSigned = isNegative || text.first == UInt8(ascii: "+")
        let digits = isSigned ? text.dropFirst() : text
        guard (1...3).contains(digits.count), let number = self.digits(Array(digits)) else { return nil }
        return isNegative ? -number : number
    }

    private static func digits(_ text: [UInt8]) -> Int? {
        let text = text.drop { $0 == UInt8(ascii: "0") }
        guard text.count <= mostDigits else { return nil }
        var number = 0
        for byte in text {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return number
    }
}
