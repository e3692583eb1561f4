// Recording off the load's thread: nothing is lost, nothing is reordered, and a full disk is
// reported.

import Dispatch
import Synchronization
import Testing
import WireFormat

@testable import LoadGeneration

@Suite("Recording a history", .timeLimit(.minutes(1)))
struct HistoryWriterTests {
    private struct DiskFull: Error {}

    private static func line(_ number: Int) -> HistoryLine {
        HistoryLine(account: "load-0", sentAt: number, answeredAt: number + 1, .peek(nil))
    }

    /// The lines of what a sink got.
    private static func lines(_ text: [UInt8]) throws -> [HistoryLine] {
        try text.split(separator: UInt8(ascii: "\n")).map { try HistoryLine(json: $0) }
    }

    @Test(
        "When writing is slower than the load, the load waits, says so, and every line is there in its order")
    func slow() async throws {
        let written = Mutex<[UInt8]>([])
        let gate = DispatchSemaphore(value: 0)
        let begun = DispatchSemaphore(value: 0)
        let recorder = HistoryWriter { bytes in
            begun.signal()
            gate.wait()
            written.withLock { $0 += bytes }
        }
        let handovers = HistoryWriter.maximumWaiting + 3
        // A thread of its own: it is going to be blocked.
        let producer = DispatchQueue(label: "producer")
        producer.async {
            for handover in 0..<handovers {
                recorder.write([Self.line(2 * handover), Self.line(2 * handover + 1)])
            }
        }
        // The gate opens only when the producer has found the recorder full.
        while recorder.waits == 0 { await Task.yield() }
        for _ in 0..<handovers { gate.signal() }
        await withCheckedContinuation { done in producer.async { done.resume() } }
        let summary = try await recorder.finish()
        #expect(summary.lines == 2 * handovers)
        #expect(summary.waits >= 1)
        #expect(try Self.lines(written.withLock { $0 }).map(\.sentAt) == Array(0..<2 * handovers))
    }

    @Test("After a failed write nothing more is written, and the end of the recording says why")
    func failing() async throws {
        let calls = Mutex(0)
        let recorder = HistoryWriter { _ in
            let call = calls.withLock { calls in
                calls += 1
                return calls
            }
            if call == 2 { throw DiskFull() }
        }
        for number in 0..<200 { recorder.write([Self.line(number)]) }
        await #expect(throws: DiskFull.self) { try await recorder.finish() }
        #expect(calls.withLock { $0 } == 2)
    }

    @Test("Without a line nothing is written")
    func empty() async throws {
        let recorder = HistoryWriter { _ in throw DiskFull() }
        recorder.write([])
        #expect(try await recorder.finish() == HistoryWriter.Summary())
    }
}
