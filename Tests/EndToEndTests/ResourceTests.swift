// Resource quotas with the real binary: a registered resource stays, even if processes are killed.

import AsyncHTTPClient
import Foundation
import Glibc
import NIOCore
import NIOHTTP1
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Resources")
    struct ResourceTests {
        static let plans = """
            default: small
            plans:
              small:
                limits: [{name: executions, meter: executions, amount: 10, windowMs: 60000}]
                resources: {secrets: 5}
            """

        @Test("Two processes share one quota, exactly, and a crash forgets nothing")
        func shared() async throws {
            try await Workplace.open { place in
                let plans = ["--plans", try place.write(Self.plans, to: "plans.yaml")]
                let first = try await place.start(plans)
                let url = "unix://\(place.dataDirectory)/redis.sock"
                let second = try await place.start(plans + ["--redis-url", url])
                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in 0..<12 {
                        let stint = number.isMultiple(of: 2) ? first : second
                        group.addTask { try await Self.register("key-\(number)", at: stint, place) }
                    }
                    return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
                }
                #expect(statuses == [201: 5, 429: 7])
                #expect(try await Self.page(first) == Self.page(second))
                let before = try await Self.page(second)
                #expect(before.used == 5 && before.quota == 5 && before.names.count == 5)

                second.child.send(SIGTERM)
                _ = try await second.ending()
                first.child.send(SIGKILL)
                _ = try await first.ending()
                let third = try await place.start(plans)
                try await Self.ready(third)
                #expect(try await Self.page(third) == before)
                #expect(try await Self.register("one too many", at: third, place) == 429)
                #expect(try await Self.register(before.names[0].name, at: third, place) == 200)
                report("12 registrations by two processes against a quota of 5: \(statuses)")
            }
        }

        @Test("With the ledger in memory the routes say 501, and the OpenAPI document is served all the same")
        func inMemory() async throws {
            try await Stint.serving(["--ledger", "memory"]) { stint, place in
                #expect(try await stint.admin("/v1/accounts/acme/resources").status == 501)
                #expect(try await Self.register("a", at: stint, place) == 501)
                let document = try await stint.admin("/openapi.json")
                #expect(document.status == 200 && document.body.contains(#""openapi":"3.1.0""#))
            }
        }

        @Test("The command line lists, adds and removes, for people and for machines")
        func commandLine() async throws {
            try await Stint.serving(plans: Self.plans) { stint, place in
                try await Self.ready(stint)
                func run(_ arguments: String...) async throws -> (
                    ending: ChildProcess.Ending?, output: String
                ) {
                    let admin = ["--admin", "http://127.0.0.1:\(stint.adminPort)"]
                    return try await place.run(["resources"] + arguments + admin)
                }
                var reply = try await run("add", "acme", "secrets", "a/b ?", "--metadata", #"{"by": "ann"}"#)
                #expect(
                    reply.ending == .exited(0) && reply.output.hasSuffix("a/b ?: added, 1 of 5 secrets\n"))
                reply = try await run("add", "acme", "secrets", "a/b ?")
                #expect(reply.output.hasSuffix("a/b ?: exists, 1 of 5 secrets\n"))
                reply = try await run("list", "acme")
                #expect(reply.output.hasSuffix("KIND     USED  QUOTA\nsecrets     1      5\n"))
                reply = try await run("list", "acme", "secrets")
                #expect(reply.output.hasSuffix("NAME   METADATA\na/b ?  {\"by\":\"ann\"}\n1 of 5 secrets\n"))
                reply = try await run("list", "acme", "secrets", "--format", "json")
                #expect(reply.output.contains(#""names":[{"metadata":{"by":"ann"},"name":"a/b ?"}]"#))
                for name in ["c", "d", "e", "f"] { _ = try await run("add", "acme", "secrets", name) }
                reply = try await run("add", "acme", "secrets", "g")
                #expect(reply.ending == .exited(1) && reply.output.contains("the quota is 5"), "\(reply)")
                reply = try await run("remove", "acme", "secrets", "a/b ?")
                #expect(reply.ending == .exited(0) && reply.output.hasSuffix("a/b ?: removed\n"))
                reply = try await run("remove", "acme", "secrets", "a/b ?")
                #expect(reply.ending == .exited(1) && reply.output.contains("unknown name"))
            }
        }

        private static func ready(_ stint: Stint) async throws {
            try await eventually("the records can be asked", within: Workplace.timeout) {
                try await stint.admin("/v1/accounts/acme/resources").status == 200
            }
        }

        private static func page(_ stint: Stint) async throws -> ResourcePage {
            let reply = try await stint.admin("/v1/accounts/acme/resources/secrets")
            return try JSONDecoder().decode(ResourcePage.self, from: Data(reply.body.utf8))
        }

        /// Asks again when Redis was not there yet; registering twice is safe.
        static func register(
            _ name: String, of account: String = "acme", at stint: Stint, _ place: Workplace
        ) async throws -> Int {
            let path = name.replacing(" ", with: "%20")
            var request = HTTPClientRequest(
                url: "http://127.0.0.1:\(stint.adminPort)/v1/accounts/\(account)/resources/secrets/\(path)")
            request.method = .PUT
            let asked = request
            var status = 503
            try await eventually("a registration is answered", within: Workplace.timeout) {
                status = Int(try await place.http.execute(asked, timeout: .seconds(5)).status.code)
                return status != 503
            }
            return status
        }
    }
}
