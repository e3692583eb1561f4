// The rights that docs/OPERATIONS.md requires for the Redis user: with exactly those all of Stint
// works, and Redis denies nothing.

import Checkout
import Foundation
import StintClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Rights of the Redis user")
    struct RightsTests {
        /// The command as it stands in the document, in words.
        static func documented() throws -> [String] {
            let text = try Checkout.text(of: "docs/OPERATIONS.md")
            let found = try #require(text.firstMatch(of: /\n(ACL SETUSER stint [^`]+)\n```/))
            return found.output.1.split { $0.isWhitespace || $0 == "\\" }.map(String.init)
        }

        @Test(
            "With the documented rights plans, decisions, log, rollups and resources work, and nothing is denied"
        )
        func suffice() async throws {
            try await RedisServer.withServer { redis in
                var connection = try BlockingConnection(socketPath: redis.socketPath)
                #expect(try connection.command(Self.documented()) == "OK")
                let url = "unix://\(redis.socketPath)?user=stint&password=PASSWORD"
                try await Stint.serving(["--redis-url", url, "--execution-log-maximum-rows", "100"]) {
                    stint, place in
                    try await eventually("stint is ready") { try await stint.admin("/readyz").status == 200 }
                    try await Self.useAll(of: stint, place)
                    #expect(!stint.log.contains("ACL SETUSER"), "\(stint.log)")
                    #expect(!stint.log.contains("NOPERM"), "\(stint.log)")
                }
                let denied = try redis.command("ACL", "LOG")
                #expect(denied.isEmpty, "\(denied)")
            }
        }

        private static func useAll(of stint: Stint, _ place: Workplace) async throws {
            let url = "http://127.0.0.1:\(stint.adminPort)"
            for number in 0..<5 {
                let id = "r-\(number)"
                let ask = AdmitBody(id: id, function: "resize", maxDurationMs: 10)
                #expect(try await stint.client.admit(ask, account: "acme").status == 201)
                guard number > 0 else { continue }
                let settled = try await stint.client.settle(id, SettleBody(durationMs: 5), account: "acme")
                #expect(settled.status == 200)
            }
            let plan = try place.write(
                #"{"name":"pro","limits":[{"name":"executions","meter":"executions","amount":9,"windowMs":60000}]}"#,
                to: "pro.json")
            let commands = [
                ["plan", "put", plan], ["plan", "list"], ["plan", "show", "pro"],
                ["plan", "default", "serverless"],
                ["account", "set-plan", "acme", "--plan", "pro", "--for", "1d"], ["account", "show", "acme"],
                ["account", "log", "acme"], ["account", "set-plan", "acme", "--remove"],
                ["plan", "delete", "pro"],
                ["resources", "add", "acme", "secrets", "key", "--metadata", "{}"],
                ["resources", "list", "acme", "secrets"], ["resources", "list", "acme"],
                ["resources", "remove", "acme", "secrets", "key"], ["account", "forget", "acme"],
            ]
            for command in commands {
                let (ending, output) = try await place.run(command + ["--admin", url])
                #expect(ending == .exited(0), "\(command): \(output)")
            }
            try await eventually("the rollups are written", within: Workplace.timeout) {
                let reported = try await stint.admin("/v1/accounts/acme/usage").body
                let ranked = try await stint.admin("/v1/accounts").body
                return reported.contains("executions") && ranked.contains("acme")
            }
            let paths = [
                "/", "/accounts/acme", "/v1/audit", "/v1/accounts/acme/usage?step=hour",
                "/v1/accounts/acme/executions",
                "/v1/accounts?sort=denials",
            ]
            for path in paths { #expect(try await stint.admin(path).status == 200, "\(path)") }
        }
    }
}
