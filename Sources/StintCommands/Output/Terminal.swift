// The output of commands, to the standard output and the standard error, either of which may be a
// terminal. Text from elsewhere (names, replies, files) is made printable.

import Foundation
import StintService
import WireFormat

enum Terminal {
    /// Whether the standard output is a terminal.
    static var isThere: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Whether to use colours: on a terminal, unless NO_COLOR is set.
    static var hasColours: Bool {
        isThere && Environment.variables["NO_COLOR"] == nil
    }

    /// Writes `message` as one line, made printable.
    static func say(_ message: String) { write(printable(message)) }

    /// Writes a JSON document. Characters that are not printable become escapes, so the value stays
    /// the same.
    static func show(json: some Sequence<UInt8>) {
        write(printable(String(decoding: Array(json), as: UTF8.self), keepingLines: true))
    }

    /// Writes lines in which all text from elsewhere is printable already.
    static func write(_ lines: String) { StandardOutput.write(Array((lines + "\n").utf8)) }

    /// Writes one line to the standard error. If that is closed, the line is dropped.
    static func warn(_ message: String) {
        try? FileHandle.standardError.write(contentsOf: Data((printable(message) + "\n").utf8))
    }
}
