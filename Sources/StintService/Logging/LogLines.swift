// Makes each line of the log printable before it goes to the writer, so that no name, reply or
// message of Redis can start a new line or control a terminal.

import WireFormat

struct LogLines: TextOutputStream, Sendable {
    let log: LogWriter

    /// - Parameter line: one event, with its line end.
    mutating func write(_ line: String) { log.write(Self.shown(line)) }

    static func shown(_ line: String) -> String {
        printable(line.last?.isNewline == true ? line.dropLast() : line[...]) + "\n"
    }
}
