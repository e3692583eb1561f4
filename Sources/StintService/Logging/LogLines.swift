// The log's lines on their way to whoever writes them, each made printable as a whole, so that no
// name, reply or last word of Redis begins a line of its own or is obeyed by a terminal.

import WireFormat

struct LogLines: TextOutputStream, Sendable {
    let log: LogWriter

    /// - Parameter line: one event, with its end.
    mutating func write(_ line: String) { log.write(Self.shown(line)) }

    static func shown(_ line: String) -> String {
        printable(line.last?.isNewline == true ? line.dropLast() : line[...]) + "\n"
    }
}
