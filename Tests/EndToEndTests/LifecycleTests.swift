// What an operator does with the process: stop it, reload its plans, use its socket, run it without
// Redis.

import Glibc
import StintClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("The life of the process")
    struct LifecycleTests {
        @Test("SIGTERM: what has begun is answered, nobody new is let in, and the exit code is 0")
        func drain() async throws {
            try await Stint.serving { stint, place in
                let redis = try place.redisPid()
                let answer = try await RawConnection.open(port: stint.runnerPort) { connection in
                    try await connection.send(
                        "POST /v1/accounts/slow/executions HTTP/1.1\r\nHost: localhost\r\n"
                            + "Content-Type: application/json\r\nContent-Length: 14\r\n\r\n{\"id\":")
                    // The service has read that much when it has answered a later question.
                    #expect(try await stint.client.peek(account: "slow").status == 200)
                    stint.child.send(SIGTERM)
                    try await eventually("new connections are refused") {
                        do {
                            try await RawConnection.open(port: stint.runnerPort) { _ in }
                            return false
                        } catch is Unexpected {
                            return false
                        } catch {
                            return true
                        }
                    }
                    #expect(stint.child.isRunning)
                    try await connection.send("\"run-1\"}")
                    return try await connection.rest()
                }
                let endedAt = ContinuousClock.now
                #expect(answer.hasPrefix("HTTP/1.1 201 Created\r\n"))
                #expect(answer.contains("Connection: close\r\n"))
                #expect(answer.contains("\"id\":\"run-1\""))
                #expect(try await stint.ending() == .exited(0))
                let took = endedAt.duration(to: .now)
                #expect(took < .seconds(10))
                #expect(try place.redisPids().isEmpty)
                #expect(kill(redis, 0) == -1)
                report(
                    "SIGTERM: slow request answered 201, process and Redis gone \(took.inMs) ms later, "
                        + "exit code 0")
            }
        }

        @Test("SIGTERM: a request that never ends is cut off at the drain's deadline, and the exit code is 0")
        func drainDeadline() async throws {
            try await Stint.serving(["--drain-deadline-ms", "300"]) { stint, _ in
                try await RawConnection.open(port: stint.runnerPort) { connection in
                    // When the first is answered, the beginning of the second has been read with
                    // it.
                    try await connection.send(
                        "GET /v1/accounts/slow/limits HTTP/1.1\r\nHost: localhost\r\n\r\n"
                            + "POST /v1/accounts/slow/executions HTTP/1.1\r\nHost: localhost\r\n"
                            + "Content-Type: application/json\r\nContent-Length: 14\r\n\r\n{\"id\":")
                    #expect(try await connection.reply().hasPrefix("HTTP/1.1 200 OK\r\n"))
                    let began = ContinuousClock.now
                    stint.child.send(SIGTERM)
                    #expect(try await stint.ending() == .exited(0))
                    let took = began.duration(to: .now)
                    #expect(took >= .milliseconds(300) && took < .seconds(5))
                    report(
                        "SIGTERM with a request that never ends and 300 ms to drain: exit code 0 after "
                            + "\(took.inMs) ms")
                }
            }
        }

        @Test("Runners can come through a Unix socket")
        func unixSocket() async throws {
            try await Workplace.open { place in
                let path = place.file("runners.sock")
                let stint = try await place.start(["--runner-socket", path])
                let client = RunnerClient(.unixSocket(path), http: place.http)
                let admitted = try await client.admit(AdmitBody(id: "run-1"), account: "socket")
                #expect(admitted.status == 201)
                // The same service as behind the port.
                let settled = try await stint.client.settle(
                    "run-1", SettleBody(durationMs: 84), account: "socket")
                #expect(settled.status == 200)
                #expect(try await client.used(of: "execution-time", by: "socket") == 84)
                stint.child.send(SIGTERM)
                #expect(try await stint.ending() == .exited(0))
                #expect(access(path, F_OK) == -1, "the socket is left over")
            }
        }

        @Test(
            "SIGHUP: a good plan is in force at once, a bad one is refused with its line and changes nothing")
        func reload() async throws {
            let plan = { (amount: Int) in
                """
                default: small
                plans:
                  small:
                    limits: [{name: executions, meter: executions, amount: \(amount), windowMs: 60000}]
                    kinds: {function: {maxDurationMs: 10000}}
                """
            }
            try await Stint.serving(plans: plan(1)) { stint, place in
                #expect(try await stint.client.admit(account: "hup").status == 201)
                #expect(try await stint.client.admit(account: "hup").status == 429)

                let file = try place.write(plan(2), to: "plans.yaml")
                stint.child.send(SIGHUP)
                try await eventually("the plans are read again") {
                    stint.log.split(separator: "\n").count { $0.contains("plans in force") } == 2
                }
                let more = try await stint.client.admit(account: "hup")
                #expect(more.status == 201)
                #expect(more.header("RateLimit-Policy") == #""executions";q=2;w=60"#)
                #expect(try await stint.client.admit(account: "hup").status == 429)

                _ = try place.write(plan(-3), to: "plans.yaml")
                stint.child.send(SIGHUP)
                try await eventually("the plans are refused") { stint.log.contains("plans refused") }
                let refusal = try #require(
                    stint.log.split(separator: "\n").last { $0.contains("plans refused") })
                #expect(refusal.contains("\(file):4:"))
                #expect(refusal.contains("amount"))
                let standing = try await stint.client.peek(account: "hup").accepted
                #expect(standing.policies.map(\.amount) == [2])
                report("SIGHUP with a bad plan: \(refusal)")
            }
        }

        @Test("--ledger memory serves the same three questions, without Redis and without a data directory")
        func memory() async throws {
            try await Stint.serving(["--ledger", "memory"]) { stint, place in
                let client = stint.client
                let admitted = try await client.admit(AdmitBody(id: "run-1"), account: "memory")
                #expect(admitted.status == 201)
                let charged = LimitsObject(executionsRemaining: 5_999, timeRemaining: 590_000)
                #expect(try admitted.accepted.limits == charged)
                #expect(try await client.admit(AdmitBody(id: "run-1"), account: "memory").status == 200)
                let settled = try await client.settle("run-1", SettleBody(durationMs: 84), account: "memory")
                let corrected = LimitsObject(executionsRemaining: 5_999, timeRemaining: 599_916)
                #expect(try settled.accepted.limits == corrected)
                let again = try await client.settle("run-1", SettleBody(durationMs: 84), account: "memory")
                #expect(again.status == 404)
                _ = try await QuotaTests.fill(59, "memory", client)
                let last = try await client.admit(account: "memory")
                #expect(try last.accepted.grantedMs == 9_916)
                let denial = try await client.admit(account: "memory")
                #expect(denial.status == 429)
                #expect(try denial.problem.retryAfterMs != nil)
                #expect(try await client.used(of: "executions", by: "memory") == 61)
                #expect(try await stint.admin("/readyz").status == 200)
                #expect(access(place.dataDirectory, F_OK) == -1)
            }
        }
    }
}
