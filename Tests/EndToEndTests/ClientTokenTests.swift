// The token that commands and clients send: its source, the white space that is ignored, and
// invalid tokens. Those are refused before anything is sent, are not reported as an outage, and are
// never shown.

import AdminClient
import Foundation
import NIOCore
import StintClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Tokens of clients")
    struct ClientTokenTests {
        @Test(
            "A token comes from a variable or a file, with or without white space behind it, and nothing else is sent or shown"
        )
        func commands() async throws {
            try await Workplace.open { place in
                let tokens = place.file("tokens")
                let made = try await place.run(
                    ["token", "create", "--name", "ann", "--scope", "admin", "--file", tokens])
                let token = try #require(made.output.firstMatch(of: /stint_[0-9a-f]{64}/)?.output)
                let stint = try await place.start(["--ledger", "memory", "--security-tokens", tokens])
                let list = ["account", "show", "acme", "--admin", "http://127.0.0.1:\(stint.adminPort)"]
                let load = [
                    "load", "--target", "http://127.0.0.1:\(stint.runnerPort)", "--connections", "1",
                    "--duration", "0.1",
                    "--warm-up", "0", "--admit-only",
                ]
                let file = try place.write("\(token)\r\n", to: "token")
                let broken = try place.write("stint_sec\nret", to: "broken")
                let long = try place.write(String(repeating: " ", count: 5_000), to: "long")
                for command in [list, load] {
                    for (arguments, environment) in [
                        ([], ["STINT_TOKEN": "\(token)\n"]),
                        ([], ["STINT_TOKEN_FILE": file, "STINT_TOKEN": ""]),
                        (["--token-file", file], ["STINT_TOKEN": "stint_sec\nret"]),
                    ] as [([String], [String: String])] {
                        let (ending, output) = try await place.run(
                            command + arguments, environment: environment)
                        #expect(!output.contains(token))
                        // With the ledger in memory the control plane has no accounts: 501, after
                        // the token was taken.
                        #expect(ending == .exited(command == list ? 1 : 0), "\(output)")
                        #expect(command != list || output.contains("Redis"), "\(output)")
                    }
                    for (arguments, environment, words) in [
                        ([], ["STINT_TOKEN": "stint_sec\nret"], "STINT_TOKEN: the token is invalid"),
                        ([], ["STINT_TOKEN": "\n"], "STINT_TOKEN: the token is invalid"),
                        (["--token-file", broken], [:], "--token-file: \(broken): the token is invalid"),
                        (
                            [], ["STINT_TOKEN_FILE": long],
                            "STINT_TOKEN_FILE: \(long) has more than 4096 bytes"
                        ),
                        (["--token-file", file + "-none"], [:], "token-none cannot be read"),
                        ([], ["STINT_TOKEN": "a", "STINT_TOKEN_FILE": file], "are both set"),
                    ] as [([String], [String: String], String)] {
                        let (ending, output) = try await place.run(
                            command + arguments, environment: environment)
                        #expect(ending == .exited(1) && output.contains(words), "\(output)")
                        #expect(!output.contains("ret\n") && !output.contains("stint_sec"), "\(output)")
                    }
                }
                #expect(!stint.log.contains("stint_"))
            }
        }

        @Test(
            "What can never be sent is the caller's fault: no outage, nothing is run uncounted",
            arguments: [
                (token: "stint_sec\nret", account: "acme", url: "http://127.0.0.1:1"),
                (token: "", account: "acme", url: "http://127.0.0.1:1"),
                (token: "stint_secret", account: "ac me", url: "http://127.0.0.1:1"),
                (token: "stint_secret", account: "../admin", url: "http://127.0.0.1:1"),
                (token: "stint_secret", account: "", url: "http://127.0.0.1:1"),
                (token: "stint_secret", account: "acme", url: "127.0.0.1:1"),
                (token: "stint_secret", account: "acme", url: "ftp://127.0.0.1:1"),
                (token: "stint_secret", account: "acme", url: "http://"),
                (token: "stint_secret", account: "acme", url: "http://127.0.0.1:74000"),
                (token: "stint_secret", account: "acme", url: "http://127.0.0.1:-1"),
                (token: "stint_secret", account: "acme", url: "http://127.0.0.1:1/x"),
                (token: "stint_secret", account: "acme", url: "http://ann:secret@127.0.0.1:1"),
                (token: "stint_secret", account: "acme", url: "http://[:::]:1"),
            ])
        func runner(token: String, account: String, url: String) async throws {
            try await Self.expectInvalid(.url(url), token: token, account: account)
        }

        @Test(
            "A path that no Unix socket can have is the caller's fault too",
            arguments: ["", "/" + String(repeating: "x", count: 103), "/run/stint.sock\0"])
        func socket(path: String) async throws {
            try await Self.expectInvalid(.unixSocket(path), token: "stint_secret", account: "acme")
        }

        @Test("What may be somewhere and is not is an outage, and a slash at the end of a URL is nothing")
        func possible() async throws {
            try await Workplace.open { place in
                let longest = "/" + String(repeating: "x", count: 102)
                for target in [StintAddress.unixSocket(longest), .url("http://127.0.0.1:1/")] {
                    let client = RunnerClient(target, http: place.http, deadline: .seconds(1))
                    let error = await #expect(throws: (any Error).self) {
                        _ = try await client.peek(account: "acme")
                    }
                    #expect(error.map { !($0 is InvalidRequest) } == true)
                }
            }
            try await Stint.serving(["--ledger", "memory"]) { stint, place in
                let client = RunnerClient(.url("HTTP://127.0.0.1:\(stint.runnerPort)/"), http: place.http)
                let reply = try await client.peek(account: "acme")
                #expect(reply.status == 200)
            }
        }

        private static func expectInvalid(
            _ target: StintAddress, token: String, account: String
        ) async throws {
            try await Workplace.open { place in
                let client = RunnerClient(target, http: place.http, token: token, deadline: .seconds(1))
                try await StintRunner.withRunner(client) { runner in
                    let invalid = await #expect(throws: InvalidRequest.self) {
                        _ = try await runner.withExecution(account: account, whenUnavailable: .seconds(1)) {
                            _ in
                            Issue.record("it was run")
                        }
                    }
                    #expect(invalid.map { !"\($0)\(String(reflecting: $0))".contains("sec") } == true)
                    #expect(runner.unsettled == 0 && runner.dropped == 0)
                }
                await #expect(throws: InvalidRequest.self) { _ = try await client.peek(account: account) }
                await #expect(throws: InvalidRequest.self) {
                    _ = try await client.settle("r", SettleBody(durationMs: 0), account: account)
                }
            }
        }

        @Test("The admin client refuses it too, and an actor or a condition that is no field value")
        func admin() async throws {
            for client in [
                AdminClient(url: "http://127.0.0.1:1", token: "stint_sec\nret"),
                AdminClient(url: "127.0.0.1:1", token: "stint_secret"),
                AdminClient(url: "http://127.0.0.1:1", actor: "a\r\nX: sec"),
            ] {
                let invalid = await #expect(throws: InvalidRequest.self) {
                    _ = try await client.get("v1", "plans")
                }
                #expect(invalid.map { !"\($0)".contains("sec") } == true)
            }
        }

        @Test("gzip, which unpacks traces, gets no token")
        func gzip() async throws {
            try await Workplace.open { place in
                let seen = place.file("seen")
                let wrapper = try place.write(
                    "#!/bin/sh\nexport -p >\(seen)\nexec /bin/gzip \"$@\"\n", to: "gzip")
                #expect(chmod(wrapper, 0o700) == 0)
                let trace = try place.write(
                    "offset_ms,account,function,duration_ms\n0,a,f,1\n", to: "trace.csv")
                #expect(try await place.outside(["gzip", "-k", trace]).ending == .exited(0))
                let path = place.file("") + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
                let (ending, output) = try await place.run(
                    ["simulate", trace + ".gz"], environment: ["PATH": path, "STINT_TOKEN": "stint_secret"])
                #expect(ending == .exited(0), "\(output)")
                #expect(contents(of: seen).contains("PATH=") && !contents(of: seen).contains("STINT_"))
            }
        }
    }
}
