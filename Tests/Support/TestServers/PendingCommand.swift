// A slow command, such as `DEBUG SLEEP`: Redis has started it, and its reply is awaited later.

import Synchronization

public final class PendingCommand: Sendable {
    private let connection: Mutex<BlockingConnection>

    /// Sends it and returns once the server has read it.
    init(_ arguments: [String], socketPath: String) async throws {
        let connection = try BlockingConnection(socketPath: socketPath)
        try connection.write(arguments)
        self.connection = Mutex(connection)
        try await eventually("Redis has begun \(arguments)") {
            try self.connection.withLock { try $0.isTaken }
        }
    }

    /// Waits for its answer, at most ten seconds; an error is one.
    public func answer() throws -> String {
        do { return try connection.withLock { try $0.reply() } } catch let error as TestServerError {
            return "\(error)"
        }
    }
}

extension RedisServer {
    public func begin(_ command: String...) async throws -> PendingCommand {
        try await PendingCommand(command, socketPath: socketPath)
    }
}
