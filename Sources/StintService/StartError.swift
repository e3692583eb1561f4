// The error of a command that cannot start or cannot continue.

/// A command cannot start or continue. The description says why, and what to type.
package struct StartError: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }

    static let noRedis = StartError(
        description: "redis.url: missing. Type: --redis-url redis://HOST:PORT")
}
