// A trace as a file: plain or gzip, by its first two bytes, not by its name. The gzip program
// unpacks it in another process, and so on another core. Every Debian has gzip; the standard
// library has no inflate.

import Foundation

/// A trace file, open for reading. Ends its gzip process when it is released.
public final class TraceFile {
    /// The number of bytes read at once.
    private static let pieceBytes = 1 << 18
    /// The maximum length of gzip's errors in a message.
    private static let longestComplaint = 1_000

    private let input: FileHandle
    private var gzip: (process: Process, complaints: Pipe)?
    private var head: Data

    /// - Parameter path: the path of a file; `-` is the standard input, which must be plain.
    public init(path: String) throws(TraceError) {
        guard let file = path == "-" ? .standardInput : FileHandle(forReadingAtPath: path) else {
            throw TraceError("cannot be opened. Name a file that exists and may be read")
        }
        head = try Self.piece(of: file, upTo: 2)
        guard head.elementsEqual([0x1F, 0x8B]) else {
            input = file
            return
        }
        guard path != "-" else {
            throw TraceError("the standard input is gzip. Name the file, or pipe it through gzip -dc")
        }
        let process = Process()
        let output = Pipe()
        let complaints = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc"]
        // No other variable: one might contain a token.
        process.environment = ProcessInfo.processInfo.environment.filter { $0.key == "PATH" }
        process.standardInput = file
        process.standardOutput = output
        process.standardError = complaints
        do {
            try file.seek(toOffset: 0)
            try process.run()
        } catch {
            throw TraceError("gzip cannot be started. Install gzip, or unpack the file first: \(error)")
        }
        head = Data()
        input = output.fileHandleForReading
        gzip = (process, complaints)
    }

    /// Appends the next piece; false at the end.
    public func read(into bytes: inout [UInt8]) throws(TraceError) -> Bool {
        let piece = try head.isEmpty ? Self.piece(of: input, upTo: Self.pieceBytes) : head
        head = Data()
        bytes += piece
        if piece.isEmpty { try end() }
        return !piece.isEmpty
    }

    /// A reader of this file.
    public func reader() throws(TraceError) -> TraceReader {
        try TraceReader { (bytes: inout [UInt8]) throws(TraceError) -> Bool in try self.read(into: &bytes) }
    }

    /// Checks gzip's exit status and errors: whether the file was complete.
    private func end() throws(TraceError) {
        guard let (process, complaints) = gzip.take() else { return }
        let message = try Self.piece(of: complaints.fileHandleForReading, upTo: Self.longestComplaint)
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            let text = String(decoding: message, as: UTF8.self).split(whereSeparator: \.isNewline).joined(
                separator: "; ")
            throw TraceError(
                "gzip cannot unpack it: \(text.isEmpty ? "exit status \(process.terminationStatus)" : text)")
        }
    }

    private static func piece(of file: FileHandle, upTo count: Int) throws(TraceError) -> Data {
        do {
            return try file.read(upToCount: count) ?? Data()
        } catch {
            throw TraceError("cannot be read: \(error.localizedDescription)")
        }
    }

    deinit {
        guard let (process, _) = gzip else { return }
        // Not SIGTERM: gzip inherits the signal mask of the thread that started it, which may block
        // SIGTERM.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
