// A steady load of admissions from several connections while something happens to the service, with a record of
// every single one: when it was sent, how long it took, and what was answered.

import QuotaClient
import Synchronization
import WireFormat

struct Load: Sendable {
    /// One admission and its reply.
    struct Attempt: Sendable {
        let account: String
        let id: String
        let sentAt: ContinuousClock.Instant
        let took: Duration
        /// nil when there was none.
        let status: Int?
        /// The problem's type, or why there was no reply.
        let words: String

        var answeredAt: ContinuousClock.Instant { sentAt + took }
        var isAcknowledged: Bool { status == 201 || status == 200 }
    }

    let client: QuotaClient
    /// Asked about in turn, each with a duration in ms.
    var asks: [(account: String, durationMs: Int)]
    var connections = 6
    /// Rest of each connection between two asks.
    var pause: Duration = .milliseconds(4)

    /// Asks until `body` returns.
    func attempts(
        isolation: isolated (any Actor)? = #isolation, during body: () async throws -> Void
    ) async throws -> [Attempt] {
        let ledger = Record()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<connections {
                group.addTask { try await ask(as: number, into: ledger) }
            }
            do {
                try await body()
            } catch {
                group.cancelAll()
                throw error
            }
            ledger.end()
            try await group.waitForAll()
            return ledger.attempts
        }
    }

    private func ask(as number: Int, into record: Record) async throws {
        var count = 0
        while !record.isOver {
            let ask = asks[count % asks.count]
            count += 1
            record.append(await attempt(ask.account, id: "r\(number)-\(count)", ask.durationMs))
            try await Task.sleep(for: pause)
        }
    }

    func attempt(_ account: String, id: String, _ durationMs: Int) async -> Attempt {
        let sentAt = ContinuousClock.now
        let status: Int?
        var words = ""
        do {
            let reply = try await client.admit(
                AdmitBody(id: id, maxDurationMs: durationMs), account: account)
            status = reply.status
            if case .problem(let problem) = reply.outcome { words = "\(problem.type): \(problem.detail)" }
        } catch {
            status = nil
            words = "\(error)"
        }
        return Attempt(
            account: account, id: id, sentAt: sentAt, took: sentAt.duration(to: .now), status: status,
            words: words)
    }

    private final class Record: Sendable {
        private let state = Mutex<(attempts: [Attempt], isOver: Bool)>(([], false))

        var isOver: Bool { state.withLock { $0.isOver } }
        var attempts: [Attempt] { state.withLock { $0.attempts } }
        func append(_ attempt: Attempt) { state.withLock { $0.attempts.append(attempt) } }
        func end() { state.withLock { $0.isOver = true } }
    }
}

extension [Load.Attempt] {
    /// `201: 812, 503: 40`
    var summary: String {
        Dictionary(grouping: self) { $0.status.map { "\($0)" } ?? "no reply" }
            .sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.count)" }.joined(separator: ", ")
    }

    /// The time within which this share of them was answered.
    func latency(_ share: Double) -> Duration {
        let sorted = map(\.took).sorted()
        return sorted.isEmpty ? .zero : sorted[Int((Double(sorted.count - 1) * share).rounded())]
    }

    /// `p50 3 ms, p99 80 ms, max 91 ms`
    var latencies: String {
        "p50 \(latency(0.5).inMs) ms, p99 \(latency(0.99).inMs) ms, max \(latency(1).inMs) ms"
    }
}
