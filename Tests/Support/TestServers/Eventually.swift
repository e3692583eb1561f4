// Waits, with a deadline, for a condition that other code makes true.

/// Returns when `condition` holds, looking again after each `pause`; throws, saying `what` was
/// awaited, when it does not within `limit`.
public func eventually(
    _ what: String, within limit: Duration = .seconds(10), pause: Duration = .milliseconds(2),
    isolation: isolated (any Actor)? = #isolation, _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < end else { throw TestServerError("not within \(limit): \(what)") }
        try await Task.sleep(for: pause)
    }
}
