// Few file descriptors: decisions and monitoring keep theirs, and nothing spins when the system has
// none left.

import Foundation
import Glibc
import StintClient
import TestServers
import Testing

extension EndToEnd {
    @Suite("File descriptors")
    struct DescriptorTests {
        /// The descriptor limits of a process, from what the kernel says.
        private static func limits(of pid: pid_t) throws -> (soft: String, hard: String) {
            let text = try String(contentsOfFile: "/proc/\(pid)/limits", encoding: .utf8)
            guard let match = text.firstMatch(of: /Max open files +(\d+) +(\d+)/) else {
                throw Unexpected("no limits: \(text)")
            }
            return (String(match.output.1), String(match.output.2))
        }

        @Test("The soft limit is raised to the hard one, for the embedded Redis too")
        func raised() async throws {
            try await Workplace.open { place in
                let stint = try await place.start(descriptors: "96:20000")
                for pid in [stint.child.pid, try place.redisPid()] {
                    let limits = try Self.limits(of: pid)
                    #expect(limits.soft == "20000" && limits.hard == "20000")
                }
                #expect(!stint.log.contains("fewer connections than set"))
            }
        }

        @Test("Too few are refused at start, with what to type")
        func refused() async throws {
            try await Workplace.open { place in
                let (ending, log) = try await place.refusal([], descriptors: "64")
                #expect(ending == .exited(1))
                #expect(log.contains("this process may open 64 files (ulimit -n); "))
                #expect(log.contains("Type: ulimit -n 10"))
            }
        }

        @Test(
            "More strangers than descriptors: the log names the setting, monitors are answered, Redis is reached again",
            arguments: [(96, 150), (1_024, 1_100)])
        func few(descriptors: Int, strangers: Int) async throws {
            try await Workplace.open { place in
                let stint = try await place.start(descriptors: "\(descriptors)")
                let warning = try #require(
                    stint.log.split(separator: "\n").first { $0.contains("fewer connections than set") })
                #expect(warning.contains("instead of 10000") && warning.contains("runner.maximumConnections"))
                #expect(warning.firstMatch(of: /hint=ulimit -n 10\d\d\d/) != nil)
                try await Strangers.connected(strangers, to: stint.runnerPort) { _ in
                    for path in ["/livez", "/readyz", "/metrics"] {
                        #expect(try await stint.admin(path).status == 200)
                    }
                    try place.redis("CLIENT", "KILL", "TYPE", "normal")
                    try await eventually("Redis is reached again, and a runner is let in") {
                        try await RawConnection.open(port: stint.runnerPort) { runner in
                            try await runner.post("/v1/accounts/a/executions", "{}") == 201
                        }
                    }
                    let page = try await MetricsPage(stint.admin("/metrics").body)
                    #expect(page.value("stint_accept_failures_total", ["api": "runner"]) == 0)
                    let open = try #require(page.value("stint_http_connections", [:]))
                    let maximum = try #require(page.value("stint_http_connections_maximum", [:]))
                    #expect(maximum >= 8 && open >= 1 && Int(maximum) < descriptors)
                    report("\(strangers) strangers, \(descriptors) descriptors: \(warning)")
                }
            }
        }

        @Test(
            "No descriptor for another connection: both APIs try once a second, say so once, and go on serving"
        )
        func exhausted() async throws {
            try await Stint.serving { stint, place in
                try await RawConnection.open(port: stint.adminPort) { monitor in
                    try await RawConnection.open(port: stint.runnerPort) { runner in
                        #expect(try await runner.post("/v1/accounts/a/executions", "{}") == 201)
                        _ = try await Self.failures(monitor: &monitor)
                        let before = try Self.limits(of: stint.child.pid)
                        try await Self.forbidDescriptors(to: stint.child.pid, in: place)
                        let began = ContinuousClock.now
                        try await Strangers.connected(3, to: stint.runnerPort) { _ in
                            try await Strangers.connected(3, to: stint.adminPort) { _ in
                                try await eventually("each has failed three times") {
                                    #expect(try await runner.post("/v1/accounts/a/executions", "{}") == 201)
                                    let failures = try await Self.failures(monitor: &monitor)
                                    let most = began.duration(to: .now) / .seconds(1) + 2
                                    #expect(
                                        failures.allSatisfy { $0 <= most }, "\(failures) in \(most - 2) s")
                                    return failures.allSatisfy { $0 >= 3 }
                                }
                            }
                        }
                        try await Self.setSoftLimit(before.soft, of: stint.child.pid, in: place)
                        let lines = stint.log.split(separator: "\n").filter {
                            $0.contains("cannot accept connections")
                        }
                        #expect(lines.count == 2, "\(lines)")
                        #expect(try await stint.client.peek(account: "a").status == 200)
                        #expect(try await stint.admin("/livez").status == 200)
                        report("no descriptors: \(lines)")
                    }
                }
            }
        }

        /// How often a connection could not be accepted, at the runner API and at the admin API.
        private static func failures(monitor: inout RawConnection) async throws -> [Double] {
            try await monitor.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let reply = try await monitor.reply()
            guard let head = reply.firstRange(of: "\r\n\r\n") else { throw Unexpected(reply) }
            let page = try MetricsPage(String(reply[head.upperBound...]))
            return ["runner", "admin"].compactMap { page.value("stint_accept_failures_total", ["api": $0]) }
        }

        /// Sets the soft limit below every descriptor that is free.
        private static func forbidDescriptors(to pid: pid_t, in place: Workplace) async throws {
            let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").compactMap {
                Int($0)
            }
            guard let free = (0...).first(where: { !open.contains($0) }) else {
                throw Unexpected("none is free")
            }
            try await setSoftLimit("\(free)", of: pid, in: place)
        }

        private static func setSoftLimit(_ limit: String, of pid: pid_t, in place: Workplace) async throws {
            let child = try ChildProcess(
                ["prlimit", "--pid", "\(pid)", "--nofile=\(limit):"], log: place.file("prlimit.log"))
            try await eventually("the limit is set") { !child.isRunning }
            #expect(child.ending == .exited(0))
        }
    }
}
