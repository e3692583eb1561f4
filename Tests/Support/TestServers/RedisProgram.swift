// Which server program the tests start: `redis-server` on PATH, or the file that the variable
// STINT_REDIS_SERVER names, such as another version of Redis, or Valkey.

import Foundation

/// The server program of all tests of this process.
public enum RedisProgram {
    /// As it is started.
    public static let path = ProcessInfo.processInfo.environment["STINT_REDIS_SERVER"] ?? "redis-server"

    /// The folder of the program, if it was named.
    public static var folder: String? {
        path.contains("/") ? (path as NSString).deletingLastPathComponent : nil
    }

    /// What it says of itself, such as `Redis server v=7.0.15 sha=...`.
    private static let description: String = {
        do {
            let place = try TemporaryDirectory()
            defer { place.remove() }
            let log = place.file("version.log")
            try ChildProcess.run([path, "--version"], log: log)
            return contents(of: log)
        } catch {
            return "\(error)"
        }
    }()

    /// Its version, such as 7.0.15; 0 if it does not say.
    public static let version: [Int] = {
        guard let found = description.firstMatch(of: /v=(\d+)\.(\d+)\.(\d+)/) else { return [0] }
        return [found.output.1, found.output.2, found.output.3].compactMap { Int($0) }
    }()

    /// Such as `Redis 7.0.15` or `Valkey 9.1.2`.
    public static var name: String {
        "\(description.hasPrefix("Valkey") ? "Valkey" : "Redis") "
            + version.map { "\($0)" }.joined(separator: ".")
    }

    /// Whether it has what came with this version of Redis. Valkey has all of 7.2, and counts on.
    public static func isAtLeast(_ major: Int, _ minor: Int = 0) -> Bool {
        !version.lexicographicallyPrecedes([major, minor])
    }
}
