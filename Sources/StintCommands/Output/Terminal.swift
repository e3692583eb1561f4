// What commands say, and to whom: the standard output and the standard error, which may be a
// terminal. What is not their own (names, replies, texts of files) is made printable on the way.

import Foundation
import StintService
import WireFormat

enum Terminal {
    /// Whether the standard output is one.
    static var isThere: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Colours are for a terminal whose owner has nothing against them (NO_COLOR).
    static var hasColours: Bool {
        isThere && Environment.variables["NO_COLOR"] == nil
    }

    /// One line, whatever stands in `words`.
    static func say(_ message: String) { write(printable(message)) }

    /// A JSON document, the same value with escapes.
    static func show(json: some Sequence<UInt8>) {
        write(printable(String(decoding: Array(json), as: UTF8.self), keepingLines: true))
    }

    /// Several lines, of which everything that is not the command's own is printable already.
    static func write(_ lines: String) { StandardOutput.write(Array((lines + "\n").utf8)) }

    /// One line on the standard error. Where that is closed there is nobody to tell.
    static func warn(_ message: String) {
        try? FileHandle.standardError.write(contentsOf: Data((printable(message) + "\n").utf8))
    }
}
