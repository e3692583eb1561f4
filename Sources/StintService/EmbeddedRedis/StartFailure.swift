// Finds out from the last lines of the embedded Redis why it does not start, and what a person can
// do. Pure: lines in, text out. Knows the messages of Redis 6.2 to 8 and of Valkey.

/// The output of one run of the embedded Redis: its last lines, and whether it became ready.
struct RedisOutput: Sendable {
    /// A check of a damaged RDB file prints about 20 lines after the one that matters.
    static let maximumLines = 64
    static let maximumLineBytes = 400

    private(set) var lines: [String] = []
    /// It has read its data and accepts connections.
    private(set) var isReady = false

    mutating func add(_ line: String) {
        if line.contains("eady to accept connections") { isReady = true }
        if lines.count == Self.maximumLines { lines.removeFirst() }
        lines.append(String(line.prefix(Self.maximumLineBytes)))
    }

    /// The last line, without the process and the time at its start.
    var last: String { lines.last.map(Self.bare) ?? "nothing" }

    /// `811:M 01 Dec 2026 00:55:49.034 # Fatal error` is `Fatal error`.
    static func bare(_ line: String) -> String {
        guard let match = line.prefixMatch(of: #/\d+:[A-Z] [\w: .]+ [#*.-] /#) else { return line }
        return String(line[match.range.upperBound...])
    }

    /// The last line that contains one of `parts`, without process and time.
    fileprivate func line(with parts: [String]) -> String? {
        lines.last { line in parts.contains { line.contains($0) } }.map(Self.bare)
    }
}

/// A start that failed.
struct StartFailure {
    /// Where the embedded Redis keeps its data.
    let directory: String
    /// The server program, such as `/usr/bin/redis-server`.
    let binary: String
    let output: RedisOutput

    /// What is wrong with the data and how to repair it. Nil if the data is not the cause: then
    /// another start may succeed.
    var damage: String? {
        if let line = output.line(with: ["Bad file format reading the append only file"]) {
            return cut(line)
        }
        if let line = output.line(with: ["Can't handle RDB format version"]) {
            return
                "data.dir: \(shown(dump)) was written by a newer server than \(binary), which says: \(line). "
                + "Install that version or a later one. \(wayOut)"
        }
        if let line = output.line(with: Self.damagedDump) {
            return "data.dir: \(shown(dump)) is damaged, and no program repairs it. Redis says: \(line). "
                + "Put back a copy of \(shown(log)). \(wayOut)"
        }
        if let line = output.line(with: Self.damagedLog), !line.contains("Permission denied") {
            return "data.dir: \(shown(log)) is damaged. Redis says: \(line). Put back a copy of it. \(wayOut)"
        }
        return nil
    }

    /// The message when several starts in a row have failed.
    /// - Parameters:
    ///   - starts: how many.
    ///   - ending: how the last one ended.
    func surrender(after starts: Int, ending: String) -> String {
        "data.dir: the embedded Redis (\(binary)) does not start in \(shown(directory)): \(starts) starts failed, "
            + "the last with \(ending). Redis says: \(output.last). \(advice)"
    }

    // MARK: Which

    private static let damagedDump = [
        "Internal error in RDB reading", "Short read or OOM loading DB", "Wrong signature trying to load DB",
        "Wrong RDB checksum", "RDB CRC error", "Error reading the RDB base file",
    ]
    private static let damagedLog = [
        "Unknown command", "Unable to obtain the AOF file", "can't open the append log file",
        "Invalid AOF manifest",
    ]

    private var folder: String { directory + "/appendonlydir" }
    /// What to restore or move as a whole: a directory, or the one file of Redis 6.2.
    private var log: String { isOneFile ? directory + "/appendonly.aof" : folder }
    private var isOneFile: Bool {
        !output.lines.contains { $0.contains(".rdb") || $0.contains(".aof.") || $0.contains("MANIFEST") }
            && output.lines.contains {
                $0.contains("append only file:") || $0.contains("RDB preamble from AOF file")
            }
    }

    /// The first file of the log.
    private var dump: String {
        let named = output.lines.reversed().lazy.compactMap { $0.firstMatch(of: /[\w.-]+\.base\.(rdb|aof)/) }
            .first
        return named.map { "\(folder)/\($0.output.0)" } ?? log
    }

    // MARK: What to do

    /// The advice for a log that is unreadable from some place on, where it can be cut off.
    private func cut(_ line: String) -> String {
        let file =
            line.firstMatch(of: /append only file ([\w.-]+):/).map { "\(folder)/\($0.output.1)" } ?? log
        let checked = isOneFile ? log : folder + "/appendonly.aof.manifest"
        return "data.dir: \(shown(file)) is damaged in the middle, so the embedded Redis cannot read it. "
            + "Copy \(shown(log)), then type: \(check) --fix \(shown(checked)). "
            + "This cuts off everything from the damage on: later charges are lost, and so are later changes of plans, "
            + "overrides and resources. On Debian the program is in the package \(package)"
    }

    private var wayOut: String {
        "To start without it, type: mv \(shown(log)) \(shown(log + ".damaged")). All charges are then lost, "
            + "and all plans, overrides, resources and logs; the plan file is imported again"
    }

    private var isValkey: Bool { binary.hasSuffix("valkey-server") }
    private var check: String { isValkey ? "valkey-check-aof" : "redis-check-aof" }
    private var package: String { isValkey ? "valkey-tools" : "redis-tools" }

    private var advice: String {
        let hints = [
            (
                "Permission denied",
                "Make \(shown(directory)) and all in it belong to the user that runs Stint"
            ),
            ("No space left", "Free space on its disk, or type: --data-dir DIR, with one on another disk"),
            ("Read-only file system", "Type: --data-dir DIR, with a directory that Stint may write"),
            ("Address already in use", "Remove what is at the path of its socket: redis.sock"),
            ("Bad directive", "This Redis is too old: Stint needs 6.2 or later"),
        ]
        let found = hints.first { hint, _ in output.lines.suffix(6).contains { $0.contains(hint) } }
        return found?.1 ?? "Repair that, or type: --redis-url URL for your Redis"
    }

    /// The path, quoted for a shell if necessary.
    private func shown(_ path: String) -> String {
        let isPlain = path.wholeMatch(of: /[A-Za-z0-9\/._+-]+/) != nil
        return isPlain ? path : "'" + path.replacing("'", with: #"'\''"#) + "'"
    }
}
