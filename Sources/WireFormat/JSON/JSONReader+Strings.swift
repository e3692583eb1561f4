// The strings of the JSON reader: where they end, whether they are UTF-8, and what their escapes
// mean.

extension JSONReader {
    /// A scanned string: the bytes between its quotes.
    struct Text {
        /// The bytes in the document, without the quotes.
        let range: Range<Int>
        /// Whether it has a backslash. If not, the bytes are the value.
        let hasEscapes: Bool
    }

    /// Reads a string.
    public mutating func string() throws(JSONError) -> String {
        guard try kind() == .string else { throw JSONError(.expectedString, at: offset) }
        let text = try scanString()
        guard text.hasEscapes else { return String(decoding: slice(text.range), as: UTF8.self) }
        return String(decoding: unescaped(text), as: UTF8.self)
    }

    /// Skips the string whose opening quote is next, and checks all of it.
    mutating func scanString() throws(JSONError) -> Text {
        let opening = offset
        offset += 1
        var hasEscapes = false
        while let next = byte(at: offset) {
            switch next {
            case UInt8(ascii: "\""):
                defer { offset += 1 }
                return Text(range: opening + 1..<offset, hasEscapes: hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try scanEscape()
            case 0..<0x20: throw JSONError(.controlCharacter, at: offset)
            case 0x20..<0x80: offset += 1
            default: try scanMultibyteCharacter(leading: next)
            }
        }
        throw JSONError(.openString, at: offset)
    }

    /// Skips a UTF-8 sequence of two to four bytes: no overlong forms, no surrogates, nothing above
    /// U+10FFFF (the table of RFC 3629, section 4).
    private mutating func scanMultibyteCharacter(leading: UInt8) throws(JSONError) {
        let (length, second): (Int, ClosedRange<UInt8>) =
            switch leading {
            case 0xC2...0xDF: (2, 0x80...0xBF)
            case 0xE0: (3, 0xA0...0xBF)
            case 0xED: (3, 0x80...0x9F)
            case 0xE1...0xEF: (3, 0x80...0xBF)
            case 0xF0: (4, 0x90...0xBF)
            case 0xF1...0xF3: (4, 0x80...0xBF)
            case 0xF4: (4, 0x80...0x8F)
            default: throw JSONError(.invalidUTF8, at: offset)
            }
        for place in 1..<length {
            let allowed = place == 1 ? second : 0x80...0xBF
            guard let next = byte(at: offset + place), allowed.contains(next) else {
                throw JSONError(.invalidUTF8, at: offset)
            }
        }
        offset += length
    }

    /// Skips a backslash and what it escapes. A surrogate must be a high one followed by a low one.
    private mutating func scanEscape() throws(JSONError) {
        guard byte(at: offset + 1) == UInt8(ascii: "u") else {
            guard let letter = byte(at: offset + 1), Self.escaped(letter) != nil else {
                throw JSONError(.unknownEscape, at: offset)
            }
            offset += 2
            return
        }
        guard let unit = codeUnit(at: offset) else { throw JSONError(.unknownEscape, at: offset) }
        switch unit {
        case 0xD800..<0xDC00:
            guard let low = codeUnit(at: offset + 6), (0xDC00..<0xE000).contains(low) else {
                throw JSONError(.loneSurrogate, at: offset)
            }
            offset += 12
        case 0xDC00..<0xE000: throw JSONError(.loneSurrogate, at: offset)
        default: offset += 6
        }
    }

    /// The UTF-16 code unit of `\uXXXX` at `place`; nil for anything else.
    private func codeUnit(at place: Int) -> UInt32? {
        guard byte(at: place) == UInt8(ascii: "\\"), byte(at: place + 1) == UInt8(ascii: "u") else {
            return nil
        }
        var unit: UInt32 = 0
        for digitPlace in place + 2..<place + 6 {
            guard let digit = byte(at: digitPlace).flatMap(Self.hexadecimal) else { return nil }
            unit = unit << 4 | digit
        }
        return unit
    }

    /// The value of a scanned string, as bytes. It copies; strings with escapes are rare here.
    func unescaped(_ text: Text) -> [UInt8] {
        var value: [UInt8] = []
        value.reserveCapacity(text.range.count)
        var place = text.range.lowerBound
        while place < text.range.upperBound, let next = byte(at: place) {
            if next != UInt8(ascii: "\\") {
                value.append(next)
                place += 1
            } else if let meaning = byte(at: place + 1).flatMap(Self.escaped) {
                value.append(meaning)
                place += 2
            } else {
                let (character, length) = escapedCharacter(at: place)
                value.append(contentsOf: UTF8.encode(character) ?? UTF8.encodedReplacementCharacter)
                place += length
            }
        }
        return value
    }

    /// The character of one or two scanned `\uXXXX` at `place`, and their length in bytes.
    private func escapedCharacter(at place: Int) -> (Unicode.Scalar, length: Int) {
        guard let unit = codeUnit(at: place) else { preconditionFailure("scanString checked it") }
        if let character = Unicode.Scalar(unit) { return (character, 6) }
        guard let low = codeUnit(at: place + 6),
            let character = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
        else { preconditionFailure("scanString checked it") }
        return (character, 12)
    }

    /// The character of a backslash and this letter; nil for `u` and for unknown letters.
    private static func escaped(_ letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): letter
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(digit - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(digit - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
