// A strict reader of JSON (RFC 8259) for small documents: the caller pulls members and elements,
// names are compared in place, and what nobody asked for is skipped, yet checked. Structure is read
// here, strings in `JSONReader+Strings.swift`, numbers in `JSONReader+Numbers.swift`; what a body's
// fields may hold is `BodyField`'s business.

/// Reads one JSON document from bytes, one value after the other.
///
/// Stricter than most readers where RFC 8259 leaves a choice: the bytes are UTF-8 without a byte
/// order mark, surrogates come in pairs, containers nest at most ``depthLimit`` deep, and nothing
/// but white space follows the document. Every function throws ``JSONError`` at the first byte that
/// breaks the grammar; the reader is of no use after that.
///
/// A reader lives only inside ``read(_:_:)``: it points into the caller's bytes and cannot be
/// copied out.
public struct JSONReader: ~Copyable {
    /// The most containers that may be open at once: 32. Our own documents need three.
    public static let depthLimit = 32

    /// What the next value is, told by its first byte.
    public enum Kind: Sendable { case object, array, string, number, boolean, null }

    /// The document. Read only through `byte(at:)` and `slice(_:)`, which check their bounds in
    /// release too.
    let bytes: UnsafeBufferPointer<UInt8>
    /// The next byte to read; 0 to `bytes.count`.
    var offset = 0
    /// Open containers; 0 to `depthLimit`.
    private var depth = 0
    /// Whether the innermost open container has had no member or element yet. One flag is enough: a
    /// container that held another one is no longer empty.
    private var isFirst = true
    /// The name of the current member between its quotes, and whether it holds escapes.
    private var name = Text(range: 0..<0, hasEscapes: false)

    @usableFromInline
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// Lends a reader at the start of `json`. Nothing is copied when `json` is one piece of memory
    /// (`[UInt8]`, `UnsafeRawBufferPointer`, NIO's `ByteBufferView`). Inlinable, like the bodies'
    /// `init(json:)`, so that no caller pays for its being generic.
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

    /// Throws unless nothing but white space is left.
    public mutating func finish() throws(JSONError) {
        skipWhitespace()
        guard offset == bytes.count else { throw JSONError(.expectedEnd, at: offset) }
    }

    // MARK: Containers

    /// Enters an object; its members follow from ``nextMember()``.
    public mutating func beginObject() throws(JSONError) {
        try begin(UInt8(ascii: "{"), orThrow: .expectedObject)
    }

    /// Enters an array; its elements follow from ``nextElement()``.
    public mutating func beginArray() throws(JSONError) {
        try begin(UInt8(ascii: "["), orThrow: .expectedArray)
    }

    /// Moves to the value of the object's next member, whose name ``isMember(_:)`` tells.
    /// False at the object's end, which it leaves.
    public mutating func nextMember() throws(JSONError) -> Bool {
        guard try advance(closing: UInt8(ascii: "}"), orThrow: .expectedCommaOrBrace) else { return false }
        guard byte(at: offset) == UInt8(ascii: "\"") else { throw JSONError(.expectedName, at: offset) }
        name = try scanString()
        skipWhitespace()
        guard consume(UInt8(ascii: ":")) else { throw JSONError(.expectedColon, at: offset) }
        return true
    }

    /// Moves to the array's next element. False at the array's end, which it leaves.
    public mutating func nextElement() throws(JSONError) -> Bool {
        try advance(closing: UInt8(ascii: "]"), orThrow: .expectedCommaOrBracket)
    }

    /// Whether the current member is called `expected`. Escapes in the document's name do not hide
    /// it: `"\u0069d"` is `id`.
    public func isMember(_ expected: StaticString) -> Bool {
        expected.withUTF8Buffer { expected in
            guard !name.hasEscapes else { return unescaped(name).elementsEqual(expected) }
            guard name.range.count == expected.count else { return false }
            return slice(name.range).elementsEqual(expected)
        }
    }

    // MARK: Values

    /// What the next value is. Nothing is consumed but white space.
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

    /// Reads `null` if that is what comes next.
    public mutating func null() -> Bool {
        skipWhitespace()
        return consume("null")
    }

    /// Reads a value of any kind and forgets it; it is checked like any other.
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

    /// Steps over what separates the last member or element from the next; false after `closing`.
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

    /// The byte there, nil beyond the end: the one place where a byte of the document is fetched.
    func byte(at offset: Int) -> UInt8? {
        offset < bytes.count ? bytes[offset] : nil
    }

    /// Bytes that have been scanned already.
    func slice(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
        precondition(range.upperBound <= bytes.count)
        return UnsafeBufferPointer(rebasing: bytes[range])
    }

    /// Steps over `expected` if it is the next byte.
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
