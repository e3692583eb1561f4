// A steady load of runners while a test changes something, with a record of every exchange: the
// history that `stint audit` reads, and how long each exchange took.

import StintClient
import Synchronization
import TestServers
import WireFormat

struct Load: Sendable {
    /// One question and its reply.
    struct Attempt: Sendable {
        let line: HistoryLine
        let sentAt: ContinuousClock.Instant
        let took: Duration
        /// The problem's type, or why there was no reply.
        let words: String

        var account: String { line.account }
        var answeredAt: ContinuousClock.Instant { sentAt + took }

        /// nil when there was no reply.
        var status: Int? {
            switch line.exchange {
            case .admit(_, let reply): reply?.status
            case .settle(_, _, let reply): reply?.status
            case .peek(let reply): reply?.status
            }
        }

        /// Nobody knows whether it was carried out.
        var isOpen: Bool { (status ?? 503) >= 500 }

        var isAdmission: Bool {
            if case .admit = line.exchange { true } else { false }
        }

        var id: String {
            switch line.exchange {
            case .admit(let request, _): request.id ?? ""
            case .settle(let id, _, _): id
            case .peek: ""
            }
        }
    }

    let client: RunnerClient
    /// Asked about in turn, each with a duration in ms and, when its runners settle, what it really
    /// took.
    var asks: [(account: String, durationMs: Int, usesMs: Int?)]
    var runners = 6
    /// Rest of each runner between two questions.
    var pause: Duration = .milliseconds(4)

    /// Asks until `body` returns, which sees what was answered so far.
    func attempts(
        isolation: isolated (any Actor)? = #isolation, during body: (Record) async throws -> Void
    ) async throws -> [Attempt] {
        let record = Record()
        // Without a peek nobody could audit the history, and a busy machine may miss a deadline.
        for account in Set(asks.map(\.account)) {
            try await eventually("\(account) is peeked at", within: Workplace.timeout) {
                let peeked = await peek(account)
                record.append(peeked)
                return peeked.status == 200
            }
        }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<runners {
                group.addTask { try await run(as: number, into: record) }
            }
            do {
                try await body(record)
            } catch {
                group.cancelAll()
                throw error
            }
            record.end()
            try await group.waitForAll()
            return record.attempts
        }
    }

    private func run(as number: Int, into record: Record) async throws {
        var count = 0
        while !record.isOver {
            let ask = asks[count % asks.count]
            count += 1
            let admission = await admit(ask.account, id: "r\(number)-\(count)", ask.durationMs)
            record.append(admission)
            try await Task.sleep(for: pause)
            if let usesMs = ask.usesMs, admission.status == 201 {
                record.append(await settle(ask.account, id: admission.id, usesMs))
                try await Task.sleep(for: pause)
            }
        }
    }

    func admit(_ account: String, id: String, _ durationMs: Int) async -> Attempt {
        let request = AdmitBody(id: id, maxDurationMs: durationMs)
        return await attempt(account, { try await client.admit(request, account: account) }) {
            .admit(request, $0)
        }
    }

    func settle(_ account: String, id: String, _ durationMs: Int) async -> Attempt {
        let request = SettleBody(durationMs: durationMs)
        return await attempt(account, { try await client.settle(id, request, account: account) }) {
            .settle(id: id, request, $0)
        }
    }

    func peek(_ account: String) async -> Attempt {
        await attempt(account, { try await client.peek(account: account) }) { .peek($0) }
    }

    private func attempt<Body>(
        _ account: String, _ ask: () async throws -> RunnerReply<Body>,
        _ exchange: (WireReply<Body>?) -> HistoryLine.Exchange
    ) async -> Attempt {
        let began = ContinuousClock.now
        var reply: WireReply<Body>?
        var words = ""
        do {
            reply = try await ask().reply
            if case .problem(let problem) = reply?.outcome { words = "\(problem.type): \(problem.detail)" }
        } catch {
            words = "\(error)"
        }
        let took = began.duration(to: .now)
        let line = HistoryLine(
            account: account, sentAt: Self.dayMs(began), answeredAt: Self.dayMs(began + took), exchange(reply)
        )
        return Attempt(line: line, sentAt: began, took: took, words: words)
    }

    private static let origin = (instant: ContinuousClock.now, dayMs: wallClockMs())

    /// ms since 1970 as they were once, and from then on by a clock that never steps.
    private static func dayMs(_ instant: ContinuousClock.Instant) -> Int {
        origin.dayMs + Int(origin.instant.duration(to: instant) / .milliseconds(1))
    }

    /// What was answered so far.
    final class Record: Sendable {
        private let state = Mutex<(attempts: [Attempt], isOver: Bool)>(([], false))

        func count(where isOne: (Attempt) -> Bool) -> Int {
            state.withLock { $0.attempts.count(where: isOne) }
        }

        fileprivate var isOver: Bool { state.withLock { $0.isOver } }
        fileprivate var attempts: [Attempt] { state.withLock { $0.attempts } }
        fileprivate func append(_ attempt: Attempt) { state.withLock { $0.attempts.append(attempt) } }
        fileprivate func end() { state.withLock { $0.isOver = true } }
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

    /// As lines of a history, in the order of the answers.
    var history: [HistoryLine] { map(\.line).sorted { $0.answeredAt < $1.answeredAt } }
}
