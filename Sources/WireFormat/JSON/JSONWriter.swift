// Writes JSON into bytes that the caller keeps and reuses, so that a reply costs no allocation.
// Members are written in the order of the calls; nothing is sorted or looked up.

/// Appends one JSON document to ``bytes``.
///
/// ```swift
/// writer.beginObject()
/// writer.member("grantedMs", 10_000)
/// writer.endObject()                       // {"grantedMs":10000}
/// ```
/// It writes the commas. The caller must close every container and give every member a value.
public struct JSONWriter: Sendable {
    /// The bytes written so far. A caller may put other bytes before a document (a response head).
    public var bytes: [UInt8]
    /// Whether the next member or element needs a comma before it.
    private var needsComma = false

    /// - Parameter capacity: bytes to reserve; a reply of this service has about 200.
    public init(capacity: Int = 512) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// Discards the document and keeps the memory.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }

    // MARK: Containers

    public mutating func beginObject() { open(UInt8(ascii: "{")) }
    public mutating func endObject() { close(UInt8(ascii: "}")) }
    public mutating func beginArray() { open(UInt8(ascii: "[")) }
    public mutating func endArray() { close(UInt8(ascii: "]")) }

    /// Writes a member's name; its value must follow. `name` is a constant, so it needs no
    /// escaping.
    public mutating func name(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(name)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    // MARK: Values

    public mutating func value(_ value: Int) {
        separate()
        bytes.append(decimal: value)
        needsComma = true
    }

    public mutating func value(_ value: Bool) {
        literal(value ? "true" : "false")
    }

    /// Writes a string, with the escapes that RFC 8259 requires and no others.
    public mutating func value(_ value: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        var value = value
        value.withUTF8 { escape($0) }
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// Writes a constant string, which needs no escaping.
    mutating func value(_ value: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(value)
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    public mutating func null() {
        literal("null")
    }

    /// Writes a whole value that is JSON already.
    mutating func literal(_ json: StaticString) {
        separate()
        bytes.append(json)
        needsComma = true
    }

    // MARK: Members

    public mutating func member(_ name: StaticString, _ value: Int) {
        self.name(name)
        self.value(value)
    }

    public mutating func member(_ name: StaticString, _ value: Bool) {
        self.name(name)
        self.value(value)
    }

    public mutating func member(_ name: StaticString, _ value: String) {
        self.name(name)
        self.value(value)
    }

    // MARK: Bytes

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    /// Appends UTF-8 in runs, each up to the next byte that must be escaped.
    private mutating func escape(_ text: UnsafeBufferPointer<UInt8>) {
        var run = 0
        for place in text.indices {
            let byte = text[place]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            bytes.append(contentsOf: text[run..<place])
            run = place + 1
            bytes.append(UInt8(ascii: "\\"))
            switch byte {
            case 0x08: bytes.append(UInt8(ascii: "b"))
            case 0x09: bytes.append(UInt8(ascii: "t"))
            case 0x0A: bytes.append(UInt8(ascii: "n"))
            case 0x0C: bytes.append(UInt8(ascii: "f"))
            case 0x0D: bytes.append(UInt8(ascii: "r"))
            case 0..<0x20:
                bytes.append("u00")
                bytes.append(hexadecimal: byte)
            default: bytes.append(byte)
            }
        }
        bytes.append(contentsOf: text[run...])
    }
}

extension [UInt8] {
    /// Appends a constant.
    mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { append(contentsOf: $0) }
    }

    /// Appends a number in decimal, without a temporary string.
    mutating func append(decimal number: Int) {
        if number < 0 { append(UInt8(ascii: "-")) }
        var digits = InlineArray<20, UInt8>(repeating: UInt8(ascii: "0"))
        var first = digits.count
        var rest = number.magnitude
        repeat {
            first -= 1
            digits[first] += UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        digits.span.extracting(first...).withUnsafeBufferPointer { append(contentsOf: $0) }
    }

    /// Appends a byte as two lower-case hexadecimal digits.
    mutating func append(hexadecimal byte: UInt8) {
        for digit in [byte >> 4, byte & 0xF] {
            append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}
