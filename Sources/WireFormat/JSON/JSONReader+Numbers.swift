// The numbers of the JSON reader. Every quantity of this service is a whole number below 2^53, so a
// number is read as one, exactly: without floating point.

extension JSONReader {
    /// The largest magnitude that is read as an integer: 2^53, up to which JavaScript's numbers are
    /// exact.
    public static let largestInteger = 9_007_199_254_740_992

    /// Reads a number. Returns its value if it is whole and at most 2^53 in magnitude, in any
    /// spelling (`1000`, `1e3`, `1000.0`, `-0`), and nil for any other number (`0.5`, `1e99`).
    public mutating func integer() throws(JSONError) -> Int? {
        guard try kind() == .number else { throw JSONError(.expectedNumber, at: offset) }
        let start = offset
        let isNegative = consume(UInt8(ascii: "-"))
        var digits = Digits()
        if !consume(UInt8(ascii: "0")) {
            guard scanDigits({ digits.append($0) }) > 0 else { throw JSONError(.malformedNumber, at: start) }
        }
        if consume(UInt8(ascii: ".")) {
            let count = scanDigits { digits.append($0) }
            guard count > 0 else { throw JSONError(.malformedNumber, at: start) }
            digits.exponent -= count
        }
        if consume(UInt8(ascii: "e")) || consume(UInt8(ascii: "E")) {
            guard let exponent = scanExponent() else { throw JSONError(.malformedNumber, at: start) }
            digits.exponent += exponent
        }
        // "01", "1x" and "1.2.3" end here. The container checks what follows a number.
        if let next = byte(at: offset), Self.continuesNumber(next) {
            throw JSONError(.malformedNumber, at: start)
        }
        guard let magnitude = digits.integer else { return nil }
        return isNegative ? -magnitude : magnitude
    }

    /// Skips digits and returns their number.
    private mutating func scanDigits(_ use: (Int) -> Void) -> Int {
        let start = offset
        while let next = byte(at: offset), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next) {
            use(Int(next - UInt8(ascii: "0")))
            offset += 1
        }
        return offset - start
    }

    /// Reads what follows `e`. An exponent beyond 2^40 in magnitude is read as 2^40: a document
    /// would have to be that many bytes long to make up for it.
    private mutating func scanExponent() -> Int? {
        let isNegative = consume(UInt8(ascii: "-"))
        if !isNegative { _ = consume(UInt8(ascii: "+")) }
        var exponent = 0
        guard scanDigits({ exponent = min(exponent * 10 + $0, 1 << 40) }) > 0 else { return nil }
        return isNegative ? -exponent : exponent
    }

    private static func continuesNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "-"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: false
        }
    }

    /// A decimal number, `significand` times ten to the `exponent`, collected digit by digit.
    private struct Digits {
        /// All digits up to the last one that is not zero; undefined once `isTooLong`.
        var significand = 0
        /// Zeros since then: part of the number only if another digit follows.
        var zeros = 0
        /// The number has more digits than 2^53, so it is either too large or not whole.
        var isTooLong = false
        var exponent = 0

        mutating func append(_ digit: Int) {
            guard digit != 0 else {
                if significand != 0 { zeros += 1 }
                return
            }
            scale(by: zeros)
            zeros = 0
            scale(by: 1)
            if !isTooLong { significand += digit }
        }

        private mutating func scale(by places: Int) {
            for _ in 0..<places where !isTooLong {
                significand *= 10
                isTooLong = significand > largestInteger
            }
        }

        /// The value if it is a whole number up to 2^53.
        var integer: Int? {
            var number = self
            guard number.significand != 0 else { return 0 }
            let places = exponent + zeros
            guard places >= 0 else { return nil }
            number.scale(by: min(places, 17))
            return number.isTooLong || number.significand > largestInteger ? nil : number.significand
        }
    }
}
