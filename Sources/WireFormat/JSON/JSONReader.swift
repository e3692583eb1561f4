// A strict reader of JSON (RFC 8259) for small documents. The caller pulls members and elements;
// names are compared in place; unwanted values are skipped, but checked. This file reads the
// structure, `JSONReader+Strings.swift` strings, `JSONReader+Numbers.swift` numbers. `BodyField`
// has the rules of a body's fields.

/// Reads one JSON document from bytes, one value after another.
///
/// Where RFC 8259 leaves a choice it is stricter than most readers: the bytes are UTF-8 without a
/// byte order mark, surrogates come in pairs, containers nest at most ``depthLimit`` deep, and only
/// white space follows the document. Every function throws ``JSONError`` at the first byte that
/// breaks the grammar; the reader is unusable after that.
///
/// A reader exists only inside ``read(_:_:)``: it points into the caller's bytes and cannot be
/// copied out.
public struct JSONReader: ~Copyable {
    /// The maximum number of open containers: 32. Stint's own documents need three.
    public static let depthLimit = 32

    /// The type of the next value, from its first byte.
    public enum Kind: Sendable { case object, array, string, number, boolean, null }

    /// The document. Only `byte(at:)` and `slice(_:)` read it; they check their bounds in release
    /// builds too.
    let bytes: UnsafeBufferPointer<UInt8>
    /// The next byte to read; 0 to `bytes.count`.
    var offset = 0
    /// The number of open containers; 0 to `depthLimit`.
    private var depth = 0
    /// Whether the innermost open container has had no member or element yet. One flag is enough: a
    /// container that held another one is not empty.
    private var isFirst = true
    /// The name of the current member between its quotes, and whether it has escapes.
    private var name = Text(range: 0..<0, hasEscapes: false)

    @usableFromInline
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// Passes a reader at the start of `json` to the closure. Nothing is copied if `json` is
    /// contiguous (`[UInt8]`, `UnsafeRawBufferPointer`, NIO's `ByteBufferView`). Inlinable, like
    /// the bodies' `init(json:)`, so that no caller pays for the generic parameter.
    @inlinable
    public static func read<Value, Failure>(
        _ json: some Collection<UInt8>, _ body: (inout JSONReader) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let outcome = json.withContiguousStorageIfAvailable { bytes in
            var reader = JSONReader(bytes)
            return Result { () throws(Failure) in try body(&reader) }
        }
        guard let outcome else { return try read(Array(json), body) }
        return try outcome.get()
    }

    /// Throws unless `json` is exactly one JSON document.
    public static func validate(_ json: some Collection<UInt8>) throws(JSONError) {
        try read(json) { reader throws(JSONError) in
            try reader.skipValue()
            try reader.finish()
        }
    }

    /// Throws unless only white space is left.
    public mutating func finish() throws(JSONError) {
        skipWhitespace()
        guard offset == bytes.count else { throw JSONError(.expectedEnd, at: offset) }
    }

    // MARK: Containers

    /// Enters an object; ``nextMember()`` moves to its members.
    public mutating func beginObject() throws(JSONError) {
        try begin(UInt8(ascii: "{"), orThrow: .expectedObject)
    }

    /// Enters an array; ``nextElement()`` moves to its elements.
    public mutating func beginArray() throws(JSONError) {
        try begin(UInt8(ascii: "["), orThrow: .expectedArray)
    }

    /// Moves to the value of the object's next member, whose name ``isMember(_:)`` compares.
    /// Returns false at the end of the object, which it leaves.
    public mutating func nextMember() throws(JSONError) -> Bool {
        guard try advance(closing: UInt8(ascii: "}"), orThrow: .expectedCommaOrBrace) else { return false }
        guard byte(at: offset) == UInt8(ascii: "\"") else { throw JSONError(.expectedName, at: offset) }
        name = try scanString()
        skipWhitespace()
        guard consume(UInt8(ascii: ":")) else { throw JSONError(.expectedColon, at: offset) }
        return true
    }

    /// Moves to the array's next element. Returns false at the end of the array, which it leaves.
    public mutating func nextElement() throws(JSONError) -> Bool {
        try advance(closing: UInt8(ascii: "]"), orThrow: .expectedCommaOrBracket)
    }

    /// Whether the current member's name is `expected`. Escapes in the document do not matter:
    /// `"\u0069d"` is `id`.
    public func isMember(_ expected: StaticString) -> Bool {
        expected.withUTF8Buffer { expected in
            guard !name.hasEscapes else { return unescaped(name).elementsEqual(expected) }
            guard name.range.count == expected.count else { return false }
            return slice(name.range).elementsEqual(expected)
        }
    }

    // MARK: Values

    /// The type of the next value. Consumes only white space.
    public mutating func kind() throws(JSONError) -> Kind {
        skipWhitespace()
        guard let next = byte(at: offset) else { throw JSONError(.expectedValue, at: offset) }
        switch next {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean
        case UInt8(ascii: "n"): return .null
        default: throw JSONError(.expectedValue, at: offset)
        }
    }

    /// Reads `true` or `false`.
    public mutating func boolean() throws(JSONError) -> Bool {
        skipWhitespace()
        if consume("true") { return true }
        guard consume("false") else { throw JSONError(.expectedBoolean, at: offset) }
        return false
    }

    /// Reads `null` if it is next.
    public mutating func null() -> Bool {
        skipWhitespace()
        return consume("null")
    }

    /// Skips a value of any type; it is checked like any other.
    public mutating func skipValue() throws(JSONError) {
        switch try kind() {
        case .object:
            try beginObject()
            while try nextMember() { try skipValue() }
        case .array:
            try beginArray()
            while try nextElement() { try skipValue() }
        case .string: _ = try scanString()
        case .number: _ = try integer()
        case .boolean: _ = try boolean()
        case .null: guard null() else { throw JSONError(.expectedValue, at: offset) }
        }
    }

    // MARK: Bytes

    private mutating func begin(_ opening: UInt8, orThrow reason: JSONError.Reason) throws(JSONError) {
        skipWhitespace()
        guard byte(at: offset) == opening else { throw JSONError(reason, at: offset) }
        guard depth < Self.depthLimit else { throw JSONError(.tooDeep, at: offset) }
        offset += 1
        depth += 1
        isFirst = true
    }

    /// Skips the separator before the next member or element; false after `closing`.
    private mutating func advance(
        closing: UInt8, orThrow reason: JSONError.Reason
    ) throws(JSONError) -> Bool {
        skipWhitespace()
        if consume(closing) {
            depth -= 1
            isFirst = false
            return false
        }
        guard !isFirst else {
            isFirst = false
            return true
        }
        guard consume(UInt8(ascii: ",")) else { throw JSONError(reason, at: offset) }
        skipWhitespace()
        return true
    }

    private mutating func skipWhitespace() {
        while let next = byte(at: offset), next == 0x20 || next == 0x0A || next == 0x0D || next == 0x09 {
            offset += 1
        }
    }

    /// The byte at `offset`, or nil beyond the end. This is the only place that reads a byte of the
    /// document.
    func byte(at offset: Int) -> UInt8? {
        offset < bytes.count ? bytes[offset] : nil
    }

    /// Bytes that were scanned already.
    func slice(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
        precondition(range.upperBound <= bytes.count)
        return UnsafeBufferPointer(rebasing: bytes[range])
    }

    /// Skips `expected` if it is the next byte.
    mutating func consume(_ expected: UInt8) -> Bool {
        guard byte(at: offset) == expected else { return false }
        offset += 1
        return true
    }

    private mutating func consume(_ literal: StaticString) -> Bool {
        let end = offset + literal.utf8CodeUnitCount
        guard end <= bytes.count else { return false }
        let found = slice(offset..<end)
        guard literal.withUTF8Buffer({ found.elementsEqual($0) }) else { return false }
        offset = end
        return true
    }
}
