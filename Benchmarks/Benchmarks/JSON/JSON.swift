// What the JSON of one request costs: bodies read from bytes, and written into memory that is kept.
// No HTTP.

import Benchmark
import WireFormat

let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .throughput], scalingFactor: .kilo,
        maxDuration: .seconds(2))

    Benchmark("read the body of an admission") { benchmark in
        let json = Array(#"{"id":"run-1f0a","function":"resize","maxDurationMs":100}"#.utf8)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(try AdmitBody(json: json)) }
    }
    Benchmark("read the body of a settlement") { benchmark in
        let json = Array(#"{"durationMs":84,"outcome":"ok"}"#.utf8)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(try SettleBody(json: json)) }
    }
    Benchmark("write the body of a 201") { benchmark in
        write(benchmark) {
            AdmittedBody(
                id: "run-1f0a", grantedMs: 10_000, deadline: 1_770_000_010_000, memoryBytes: 134_217_728,
                limits: LimitsObject(executionsRemaining: 5_999, timeRemaining: 590_000))
        }
    }
    Benchmark("write the body of a 429") { benchmark in
        write(benchmark) {
            Problem(
                .quotaExceeded, detail: "10000 ms asked, 0 ms left in the last 60 s",
                violatedPolicies: ["execution-time"], retryAfterMs: 6_412,
                limits: LimitsObject(executionsRemaining: 5_312, timeRemaining: 0))
        }
    }
    Benchmark("write the value of RateLimit") { benchmark in
        let fields = RateLimitFields([RateLimitPolicy(name: "executions", quota: 6_000, windowMs: 60_000)])
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            bytes.removeAll(keepingCapacity: true)
            fields.appendItem(0, available: 5_312, growsAfterMs: 6_412, to: &bytes)
            blackHole(bytes.count)
        }
    }
}

/// Makes a body and writes it, again and again.
private func write(_ benchmark: Benchmark, _ body: () -> some WireBody) {
    var writer = JSONWriter(capacity: 512)
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations {
        writer.removeAll()
        body().write(to: &writer)
        blackHole(writer.bytes.count)
    }
}
