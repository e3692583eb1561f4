// Writes commands as RESP: an array of bulk strings, straight into the buffer that leaves for the socket.
// Reading replies is `ReplyDecoder`'s.

public import NIOCore

/// Writes the arguments of one command; handed out by `RedisLink.send`.
public struct CommandWriter {
    private(set) var buffer = ByteBuffer()
    /// Arguments of the open command that are still to come.
    private var remaining = 0

    init() {}

    var isEmpty: Bool { buffer.readableBytes == 0 }

    /// Forgets what was written. The memory is used again once the socket has let go of it, unless it is
    /// much.
    mutating func clear() {
        if buffer.capacity > 1 << 20 { buffer = ByteBuffer() } else { buffer.clear() }
    }

    mutating func beginCommand(argumentCount: Int) {
        precondition(argumentCount > 0, "a command has at least one argument: its name")
        remaining = argumentCount
        writeHeader(UInt8(ascii: "*"), argumentCount)
    }

    mutating func endCommand() {
        precondition(remaining == 0, "\(remaining) announced arguments were not appended")
    }

    public mutating func append(_ text: String) {
        writeHeader(text.utf8.count)
        buffer.writeString(text)
        writeLineEnd()
    }

    /// Appends a decimal number.
    public mutating func append(_ number: Int) {
        append(String(number))
    }

    public mutating func append(_ bytes: some Collection<UInt8>) {
        writeHeader(bytes.count)
        buffer.writeBytes(bytes)
        writeLineEnd()
    }

    /// Appends the readable bytes of `bytes`.
    public mutating func append(_ bytes: ByteBuffer) {
        writeHeader(bytes.readableBytes)
        buffer.writeImmutableBuffer(bytes)
        writeLineEnd()
    }

    /// Appends one argument that `body` writes in pieces: exactly `byteCount` bytes, at the writer index.
    public mutating func append(byteCount: Int, _ body: (inout ByteBuffer) -> Void) {
        writeHeader(byteCount)
        let end = buffer.writerIndex + byteCount
        body(&buffer)
        precondition(buffer.writerIndex == end, "the argument is not as long as announced")
        writeLineEnd()
    }

    private mutating func writeHeader(_ byteCount: Int) {
        precondition(remaining > 0, "more arguments were appended than announced")
        remaining -= 1
        writeHeader(UInt8(ascii: "$"), byteCount)
    }

    /// `<mark><count>\r\n`. One- and two-digit counts, nearly all there are, take no text conversion.
    private mutating func writeHeader(_ mark: UInt8, _ count: Int) {
        switch count {
        case 0..<10:
            buffer.writeMultipleIntegers(mark, 0x30 + UInt8(count), UInt8(0x0D), UInt8(0x0A))
        case 10..<100:
            let (tens, ones) = count.quotientAndRemainder(dividingBy: 10)
            buffer.writeMultipleIntegers(
                mark, 0x30 + UInt8(tens), 0x30 + UInt8(ones), UInt8(0x0D), UInt8(0x0A))
        default:
            buffer.writeInteger(mark)
            buffer.writeString(String(count))
            writeLineEnd()
        }
    }

    private mutating func writeLineEnd() {
        buffer.writeMultipleIntegers(UInt8(0x0D), UInt8(0x0A))
    }
}
