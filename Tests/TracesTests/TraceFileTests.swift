// Traces as files: the bytes distinguish plain from gzip, and a damaged file is an error.

import Foundation
import Recordings
import Testing

@testable import Traces

@Suite("Trace files")
struct TraceFileTests {
    /// Runs `body` in a directory that is removed afterwards.
    static func inDirectory<Value>(_ body: (URL) throws -> Value) throws -> Value {
        let directory = FileManager.default.temporaryDirectory.appending(
            path: "stint-trace-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        defer {
            do { try FileManager.default.removeItem(at: directory) } catch { Issue.record(error) }
        }
        return try body(directory)
    }

    static func gzip(_ file: URL) throws -> Data {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["gzip", "-c", file.path(percentEncoded: false)]
        process.standardOutput = output
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return bytes
    }

    /// Several pieces long, and hard to pack.
    static let long: [UInt8] = {
        var text = Trace.head
        for row in 0..<60_000 {
            text += "\(row),a\(row &* 2_654_435_761 % 99_991),f\(row % 7),\(row * 31 % 1_009)\n"
        }
        return Array(text.utf8)
    }()

    @Test("Plain and gzip files give the same bytes, whatever their names say")
    func reads() throws {
        try Self.inDirectory { directory in
            let plain = directory.appending(path: "plain.csv.gz")
            try Data(Self.long).write(to: plain)
            let packed = directory.appending(path: "packed.csv")
            let gzip = try Self.gzip(plain)
            try gzip.write(to: packed)
            #expect(gzip.count < Self.long.count)
            #expect(try SharedTraces.unpack(plain) == Self.long)
            #expect(try SharedTraces.unpack(packed) == Self.long)
            // Two members, as `cat a.gz b.gz` makes them.
            try (gzip + gzip).write(to: packed)
            #expect(try SharedTraces.unpack(packed) == Self.long + Self.long)
        }
    }

    @Test("Files too short to be gzip are plain")
    func readsShort() throws {
        try Self.inDirectory { directory in
            let file = directory.appending(path: "short")
            for bytes in [[], [0x1F], [0x1F, 0x8C], [0x8B, 0x1F, 0x1F]] as [[UInt8]] {
                try Data(bytes).write(to: file)
                #expect(try SharedTraces.unpack(file) == bytes)
            }
        }
    }

    @Test("A gzip file that is cut off or damaged is refused after what could be unpacked")
    func refusesDamaged() throws {
        try Self.inDirectory { directory in
            let file = directory.appending(path: "trace.csv")
            try Data(Self.long).write(to: file)
            let packed = try Self.gzip(file)
            let cut = packed.prefix(packed.count / 2)
            var flipped = packed
            flipped[packed.count - 6] ^= 1
            for (bytes, words) in [
                (cut, "unexpected end of file"), (flipped, "crc error"),
                (packed.prefix(2), "unexpected end of file"),
            ] {
                try bytes.write(to: file)
                let error = #expect(throws: TraceError.self) { try SharedTraces.unpack(file) }
                let text = error?.description ?? ""
                #expect(text.hasPrefix("gzip cannot unpack it: ") && text.contains(words), "\(text)")
            }
        }
    }

    @Test("Letting go of a file in the middle ends its gzip")
    func letsGo() throws {
        try Self.inDirectory { directory in
            let file = directory.appending(path: "trace.csv")
            try Data(Self.long).write(to: file)
            let packed = try Self.gzip(file)
            try packed.write(to: file)
            var reader: TraceReader? = try TraceFile(path: file.path(percentEncoded: false)).reader()
            #expect(try reader?.next()?.offsetMs == 0)
            // Would wait for ever if gzip went on.
            reader = nil
        }
    }

    @Test("What is not there, or is a directory, cannot be opened")
    func refusesMissing() throws {
        try Self.inDirectory { directory in
            let missing = directory.appending(path: "missing").path(percentEncoded: false)
            let error = #expect(throws: TraceError.self) { try TraceFile(path: missing) }
            #expect(error?.description == "cannot be opened. Name a file that exists and may be read")
            #expect(throws: TraceError.self) { try TraceFile(path: directory.path(percentEncoded: false)) }
        }
    }
}
