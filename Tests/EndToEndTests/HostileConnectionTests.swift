// Hostile clients take all connections: what is left for others.

import AdminClient
import Foundation
import Glibc
import NIOCore
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Hostile connections")
    struct HostileConnectionTests {
        private static func expectHealth(of stint: Stint) async throws {
            for path in ["/livez", "/readyz", "/metrics"] {
                #expect(try await stint.admin(path).status == 200, "\(path)")
            }
        }

        @Test("300 silent connections at the admin API give way to whoever asks something")
        func silent() async throws {
            try await Stint.serving { stint, _ in
                try await Strangers.connected(300, to: stint.adminPort) { strangers in
                    try await Self.expectHealth(of: stint)
                    #expect(try await stint.admin("/v1/plans").status == 200)
                    try await eventually("no more have stayed than there are places") {
                        strangers.present <= 256
                    }
                    #expect(strangers.present > 200)
                }
            }
        }

        @Test("256 bodies that drip, where there is no body: each is answered 413 at once and sent away")
        func bodiesOfHealth() async throws {
            try await Stint.serving { stint, _ in
                let head = "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 60000\r\n\r\n"
                try await RawConnection.open(port: stint.adminPort) { connection in
                    try await connection.send(head)
                    let reply = try await connection.rest()
                    #expect(reply.hasPrefix("HTTP/1.1 413 "))
                    #expect(reply.contains("\r\nConnection: close\r\n"))
                    #expect(reply.contains(#""detail":"GET takes no body here""#))
                }
                try await Strangers.connected(256, to: stint.adminPort, saying: head) { strangers in
                    try await Self.expectHealth(of: stint)
                    #expect(try await stint.admin("/v1/plans").status == 200)
                    strangers.drip()
                    try await eventually("all are sent away") { strangers.present == 0 }
                }
            }
        }

        @Test(
            "256 bodies that drip, where there is one: health is answered all the time, and after 10 s they are"
        )
        func bodies() async throws {
            try await Stint.serving { stint, _ in
                let head =
                    "PUT /v1/plans/pro HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                    + "Content-Length: 60000\r\n\r\n{"
                try await RawConnection.open(port: stint.adminPort) { slow in
                    try await slow.send(head)
                    let began = ContinuousClock.now
                    try await Strangers.connected(256, to: stint.adminPort, saying: head) { strangers in
                        try await eventually("they have all places") {
                            try await Self.expectHealth(of: stint)
                            // Ours may have taken the place of one whose bytes had not come yet,
                            // and leaves it free.
                            try await strangers.join(1)
                            return try await Self.isTurnedAway(by: stint)
                        }
                        try await eventually("their time is up", within: .seconds(40)) {
                            strangers.drip()
                            try await Self.expectHealth(of: stint)
                            return strangers.present == 0
                        }
                        #expect(began.duration(to: .now) >= .seconds(10))
                    }
                    let reply = try await slow.rest()
                    #expect(reply.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
                    #expect(reply.contains("\r\nConnection: close\r\n"))
                    #expect(reply.contains(#""detail":"the request must arrive within 10.0 seconds""#))
                }
                #expect(try await stint.admin("/v1/plans").status == 200)
                #expect(!stint.log.contains("admin request failed"))
            }
        }

        /// Whether a request other than for health is answered 503. A connection that has to give
        /// way before its request has come ends without a word.
        private static func isTurnedAway(by stint: Stint) async throws -> Bool {
            let ask = "GET /v1/plans HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
            do {
                return try await RawConnection.open(port: stint.adminPort) { connection in
                    try await connection.send(ask)
                    return try await connection.rest().contains(
                        "all 256 connections are in use; only /livez, /readyz and /metrics are answered")
                }
            } catch let error as IOError where error.errnoCode == ECONNRESET {
                return false
            }
        }

        /// Few descriptors make few connections, so that even a busy machine fills all of them
        /// within the 10 s that each may last.
        @Test(
            "More who do not read the last reply than connections: health is answered, and after 10 s all are"
        )
        func unread() async throws {
            try await Workplace.open { place in
                let stint = try await place.start(["--ledger", "memory"], descriptors: "160")
                let page = try await stint.admin("/").body
                let style = try #require(page.firstMatch(of: /\/assets\/dashboard-[0-9a-f]+\.css/)?.output)
                let ask = { (fields: String) in "GET \(style) HTTP/1.1\r\nHost: 127.0.0.1\r\n\(fields)\r\n" }
                // More than the network takes.
                let all = String(repeating: ask(""), count: 60) + ask("Connection: close\r\n")
                let began = ContinuousClock.now
                try await Strangers.connected(40, to: stint.adminPort, saying: all, isReading: false) { _ in
                    try await eventually("they have all places") {
                        try await Self.status("/openapi.json", of: stint) == 503
                    }
                    try await eventually("their time is up", within: .seconds(40)) {
                        for path in ["/livez", "/readyz", "/metrics"] {
                            #expect(try await Self.status(path, of: stint) == 200, "\(path)")
                        }
                        return try await Self.status("/openapi.json", of: stint) == 200
                    }
                    #expect(began.duration(to: .now) >= .seconds(10))
                }
            }
        }

        /// Asks over a connection of its own, for 5 s at most.
        private static func status(_ path: String, of stint: Stint) async throws -> Int {
            let client = AdminClient(url: "http://127.0.0.1:\(stint.adminPort)", deadline: .seconds(5))
            do {
                return try await client.get(String(path.dropFirst())).status
            } catch StintError.rejected(let problem) {
                return problem.type.status
            }
        }

        @Test("Idle strangers at the runner API give way to runners")
        func runners() async throws {
            try await Stint.serving(["--runner-maximum-connections", "32"]) { stint, _ in
                try await Strangers.connected(100, to: stint.runnerPort) { strangers in
                    try await eventually("a runner is let in") {
                        try await RawConnection.open(port: stint.runnerPort) { runner in
                            try await runner.post("/v1/accounts/a/executions", "{}") == 201
                        }
                    }
                    try await eventually("no more have stayed than may") { strangers.present <= 32 }
                }
            }
        }
    }
}
