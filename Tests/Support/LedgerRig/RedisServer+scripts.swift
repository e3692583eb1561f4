// How long the scripts of a test kept its Redis.

public import TestServers

extension RedisServer {
    /// From now on the slow log has every command.
    public func recordScripts() throws {
        try command("CONFIG", "SET", "slowlog-log-slower-than", "0")
        try command("CONFIG", "SET", "slowlog-max-len", "5000")
        try command("SLOWLOG", "RESET")
    }

    /// What a script took, of those that were recorded, in microseconds: the median, because the
    /// machine does other things too.
    public func medianScriptMicroseconds() throws -> Int {
        // Of an entry: its number, when, how long, and the command with its arguments.
        let lines = try command("SLOWLOG", "GET", "-1").split(
            separator: "\n", omittingEmptySubsequences: false)
        let took = lines.indices.filter { lines[$0].hasPrefix("EVAL") && $0 > 0 }
            .compactMap { Int(lines[$0 - 1]) }.sorted()
        return took.isEmpty ? 0 : took[took.count / 2]
    }
}
