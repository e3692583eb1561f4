// Writes commands as RESP: an array of bulk strings, straight into the buffer for the socket.
// `ReplyDecoder` reads the replies.

public import NIOCore

/// Writes the arguments of one command. `RedisLink.send` passes it to its caller.
public struct CommandWriter {
    private(set) var buffer = ByteBuffer()
    /// The number of arguments that the open command still needs.
    private var remaining = 0

    init() {}

    var isEmpty: Bool { buffer.readableBytes == 0 }

    /// Discards what was written. The memory is reused once the socket has released it, unless it
    /// is more than 1 MiB.
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

    /// Appends one argument that `body` writes in pieces: exactly `byteCount` bytes, at the writer
    /// index.
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

    /// Writes `<mark><count>\r\n` in one step: every argument has one.
    private mutating func writeHeader(_ mark: UInt8, _ count: Int) {
        // The mark, the 19 digits of the largest count, and the end of the line.
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 22) { bytes in
            var (end, least) = (2, 10)
            while end < 20, count >= least {
                end += 1
                least &*= 10
            }
            bytes[0] = mark
            var (place, rest) = (end, count)
            repeat {
                place -= 1
                bytes[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            bytes[end] = UInt8(ascii: "\r")
            bytes[end + 1] = UInt8(ascii: "\n")
            return end + 2
        }
    }

    private mutating func writeLineEnd() { buffer.writeInteger(0x0D0A as UInt16) }
}
