// The commands compared with those of hiredis' own formatter, byte for byte.

import CHiredis
import NIOCore
import SeededChance
import Testing

@testable import Redis

/// One command as `CommandWriter` writes it.
func written(_ arguments: [[UInt8]]) -> ByteBuffer {
    var writer = CommandWriter()
    writer.beginCommand(argumentCount: arguments.count)
    for argument in arguments { writer.append(argument) }
    writer.endCommand()
    return writer.buffer
}

@Suite("Commands are written")
struct CommandWriterTests {
    /// The same command by hiredis.
    private func formatted(_ arguments: [[UInt8]]) throws -> ByteBuffer {
        var target: UnsafeMutablePointer<CChar>?
        var pointers: [UnsafePointer<CChar>?] = []
        for argument in arguments {
            let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: argument.count + 1)
            for (index, byte) in argument.enumerated() { copy[index] = CChar(bitPattern: byte) }
            pointers.append(UnsafePointer(copy.baseAddress))
        }
        defer { for pointer in pointers { pointer?.deallocate() } }
        var lengths = arguments.map(\.count)
        let count = redisFormatCommandArgv(&target, Int32(arguments.count), &pointers, &lengths)
        let bytes = try #require(target)
        defer { redisFreeCommand(bytes) }
        return ByteBuffer(bytes: UnsafeRawBufferPointer(start: bytes, count: Int(count)))
    }

    @Test("every kind of argument gives the bytes of redisFormatCommandArgv")
    func matchesHiredis() throws {
        var random = SeededGenerator(seed: 1)
        for count in [0, 1, 9, 10, 11, 99, 100, 101, 999, 1_000, 70_000] {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            let number = Int.random(in: .min ... .max, using: &random)
            var writer = CommandWriter()
            writer.beginCommand(argumentCount: 7)
            writer.append("SET")
            writer.append("é\r\n\0")
            writer.append(number)
            writer.append(bytes)
            writer.append(ByteBuffer(bytes: bytes))
            writer.append(byteCount: count + 8) { buffer in
                buffer.writeInteger(UInt64(count))
                buffer.writeBytes(bytes)
            }
            writer.append(-1)
            writer.endCommand()
            let packed = withUnsafeBytes(of: UInt64(count).bigEndian) { Array($0) } + bytes
            let expected = try formatted([
                Array("SET".utf8), Array("é\r\n\0".utf8), Array(String(number).utf8), bytes, bytes, packed,
                Array("-1".utf8),
            ])
            #expect(writer.buffer == expected)
        }
    }

    @Test(
        "any number of arguments gives the bytes of redisFormatCommandArgv",
        arguments: [1, 2, 9, 10, 11, 99, 100, 1_000])
    func matchesHiredisInCounts(_ count: Int) throws {
        let arguments = (0..<count).map { Array(String($0).utf8) }
        #expect(written(arguments) == (try formatted(arguments)))
    }

    @Test("commands of one tick stand one behind the other, and a cleared writer is empty")
    func appendsCommands() {
        var writer = CommandWriter()
        for name in ["PING", "TIME"] {
            writer.beginCommand(argumentCount: 1)
            writer.append(name)
            writer.endCommand()
        }
        #expect(writer.buffer == ByteBuffer(string: "*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nTIME\r\n"))
        writer.clear()
        #expect(writer.isEmpty)
    }
}
