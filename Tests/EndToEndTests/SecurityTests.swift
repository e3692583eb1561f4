// Access: tokens made by the command line, certificates made by openssl, curl as a foreign client,
// and SIGHUP while everything runs.

import Foundation
import Glibc
import NIOCore
import StintClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Security")
    struct SecurityTests {
        /// Makes a token as an operator does.
        static func token(
            _ name: String, _ scope: String, in file: String, _ place: Workplace, _ more: [String] = []
        ) async throws -> String {
            let (ending, output) = try await place.run(
                ["token", "create", "--name", name, "--scope", scope, "--file", file] + more)
            #expect(ending == .exited(0), "\(output)")
            guard let token = output.matches(of: /stint_[0-9a-f]{64}/).last else { throw Unexpected(output) }
            return String(token.output)
        }

        private static func reload(_ stint: Stint, until line: String) async throws {
            let before = stint.log.split(separator: "\n").count
            stint.child.send(SIGHUP)
            try await eventually(line, within: Workplace.timeout) {
                stint.log.split(separator: "\n").dropFirst(before).contains { $0.contains(line) }
            }
        }

        @Test("Tokens: made, used, revoked and refused, on connections that stay open")
        func tokens() async throws {
            try await Workplace.open { place in
                let (file, socket) = (place.file("tokens"), place.file("runners.sock"))
                let ci = try await Self.token("ci", "runner", in: file, place)
                let ann = try await Self.token("ann", "admin", in: file, place)
                let stint = try await place.start(
                    ["--ledger", "memory", "--security-tokens", file, "--runner-socket", socket])
                let url = StintAddress.url("http://127.0.0.1:\(stint.runnerPort)")
                let runner = RunnerClient(url, http: place.http, token: ci)
                let admin = RunnerClient(url, http: place.http, token: ann)

                let refused = try await stint.client.admit(account: "a")
                #expect(refused.status == 401)
                #expect(try refused.problem.type == .unauthorized)
                #expect(refused.header("WWW-Authenticate") == #"Bearer realm="stint""#)
                #expect(try await runner.admit(account: "a").status == 201)
                #expect(try await admin.admit(account: "a").status == 201)
                let local = RunnerClient(.unixSocket(socket), http: place.http)
                #expect(try await local.admit(account: "a").status == 201)
                #expect(try await runner.used(of: "executions", by: "a") == 3)
                #expect(try await stint.admin("/livez").status == 200)

                let (ending, _) = try await place.run(["token", "revoke", "--name", "ci", "--file", file])
                #expect(ending == .exited(0))
                #expect(try await runner.admit(account: "a").status == 201)
                try await Self.reload(stint, until: "tokens read again")
                let revoked = try await runner.admit(account: "a")
                #expect(revoked.status == 401)
                #expect(revoked.header("WWW-Authenticate") == #"Bearer realm="stint", error="invalid_token""#)
                #expect(try await admin.admit(account: "a").status == 201)

                _ = try place.write("ann admin nonsense", to: "tokens")
                try await Self.reload(stint, until: "tokens refused; the old ones stay")
                #expect(try await admin.admit(account: "a").status == 201)
                for secret in [ci, ann, "nonsense"] {
                    #expect(!stint.log.contains(secret), "the log has a secret")
                }
                report("security: 401 without a token, 201 with one, 401 after its revocation and SIGHUP")
            }
        }

        @Test(
            "A token that is bound to accounts is good for these, at both APIs and on the socket, and for no other"
        )
        func boundToken() async throws {
            try await Workplace.open { place in
                let (file, socket) = (place.file("tokens"), place.file("runners.sock"))
                let bound = try await Self.token(
                    "f", "runner", in: file, place, ["--accounts", "acme,beta-*"])
                let (_, list) = try await place.run(["token", "list", "--file", file])
                #expect(list == "f  runner  acme,beta-*\n")
                for wrong in [
                    ["--accounts", "a,"], ["--accounts", "*"], ["--accounts", "a", "--scope", "admin"],
                ] {
                    let (ending, output) = try await place.run(
                        ["token", "create", "--name", "x", "--scope", "runner", "--file", file] + wrong)
                    #expect(ending == .exited(64), "\(output)")
                }
                let plans = FunctionRunnerTests.plans.replacing(
                    "{secrets: 2, endpoints: 30}", with: "{secrets: 9}")
                let stint = try await place.start([
                    "--plans", try place.write(plans, to: "plans.yaml"), "--security-tokens", file,
                    "--runner-socket", socket,
                ])
                let targets: [StintAddress] = [
                    .url("http://127.0.0.1:\(stint.runnerPort)"), .unixSocket(socket),
                ]
                for target in targets {
                    let runner = RunnerClient(target, http: place.http, token: bound)
                    for account in ["acme", "beta-1"] {
                        let grant = try await runner.admit(AdmitBody(id: "run-1"), account: account)
                        #expect([200, 201].contains(grant.status))
                        #expect(try await runner.peek(account: account).status == 200)
                    }
                    for account in ["beta", "other"] {
                        let refused = try await runner.admit(account: account)
                        #expect(try refused.problem.type == .accountForbidden)
                        #expect(try await runner.peek(account: account).status == 403)
                        let body = SettleBody(durationMs: 1)
                        #expect(try await runner.settle("run-1", body, account: account).status == 403)
                    }
                }
                for (account, expected) in [("acme", "201"), ("beta-1", "201"), ("other", "403")] {
                    let url = "http://127.0.0.1:\(stint.adminPort)/v1/accounts/\(account)/resources/secrets/s"
                    try await eventually("the records can be asked", within: Workplace.timeout) {
                        let put = try await place.curl(
                            "-X", "PUT", "-H", "Authorization: Bearer \(bound)", url)
                        return put.reply.hasSuffix(" \(expected)")
                    }
                    let others = "http://127.0.0.1:\(stint.adminPort)/v1/accounts/\(account)"
                    let admins = try await place.curl("-H", "Authorization: Bearer \(bound)", others)
                    #expect(admins.reply.hasSuffix(" 403"), "\(admins)")
                }
                report("security: a token bound to acme and beta-* got 403 for every other account")
            }
        }

        @Test("The command line's tokens: a file of digests, which only its owner may write")
        func tokenCommand() async throws {
            try await Workplace.open { place in
                let file = place.file("tokens")
                let token = try await Self.token("ci", "runner", in: file, place)
                let text = contents(of: file)
                #expect(text.contains("ci runner ") && !text.contains(token))
                let (_, digest) = try await place.outside(["sh", "-c", "printf %s \(token) | sha256sum"])
                #expect(text.contains("ci runner \(digest.prefix(64))\n"))
                let (again, words) = try await place.run(
                    ["token", "create", "--name", "ci", "--scope", "admin", "--file", file])
                #expect(again == .exited(1))
                #expect(words.contains("stint token revoke --name ci"))
                #expect(chmod(file, 0o620) == 0)
                let (ending, log) = try await place.refusal(["--security-tokens", file])
                #expect(ending != .exited(0) && log.contains("Type: chmod 600"))
            }
        }

        @Test("A load asks with its token")
        func load() async throws {
            try await Workplace.open { place in
                let file = place.file("tokens")
                let token = try await Self.token("load", "runner", in: file, place)
                let stint = try await place.start(["--ledger", "memory", "--security-tokens", file])
                let arguments = [
                    "load", "--target", "http://127.0.0.1:\(stint.runnerPort)", "--connections", "2",
                    "--duration", "0.2", "--warm-up", "0",
                ]
                let (ending, output) = try await place.run(
                    arguments + ["--token", token, "--format", "json"])
                #expect(ending == .exited(0), "\(output)")
                #expect(!output.contains(token))
                #expect(try await place.run(arguments).ending == .exited(1))
            }
        }

        @Test(
            "TLS on both ports: replaced by SIGHUP for the connections to come, kept when the new one is bad")
        func rotation() async throws {
            try await Workplace.open { place in
                let certificates = try await Certificates(in: place)
                let stint = try await place.start(["--ledger", "memory"] + certificates.arguments)
                let runners = "https://127.0.0.1:\(stint.runnerPort)/v1/accounts/a/executions"
                let health = "https://127.0.0.1:\(stint.adminPort)/livez"
                func serials() async throws -> [String] {
                    var serials: [String] = []
                    for port in [stint.runnerPort, stint.adminPort] {
                        let (_, output) = try await place.outside([
                            "sh", "-c",
                            "openssl s_client -connect 127.0.0.1:\(port) </dev/null 2>/dev/null"
                                + " | openssl x509 -noout -serial",
                        ])
                        serials.append(output.trimmingCharacters(in: .whitespacesAndNewlines))
                    }
                    return serials
                }
                let roots = ["--cacert", certificates.authority]
                let admitted = try await place.curl(roots[0], roots[1], "-X", "POST", runners)
                #expect(admitted.code == 0 && admitted.reply.hasSuffix(" 201"), "\(admitted)")
                let alive = try await place.curl(roots[0], roots[1], "--include", health)
                #expect(alive.code == 0 && alive.reply.hasSuffix("ok\n 200"), "\(alive)")
                #expect(alive.reply.lowercased().contains("strict-transport-security: max-age=31536000\r\n"))
                // Without TLS, and without knowing the authority.
                let plain = try await place.curl("http://127.0.0.1:\(stint.adminPort)/livez")
                #expect(plain.code != 0 && plain.reply.hasSuffix("000"))
                #expect(try await place.curl(health).code == 60)
                // TLS 1.1 is refused.
                for port in [stint.runnerPort, stint.adminPort] {
                    let (ending, _) = try await place.outside([
                        "openssl", "s_client", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0", "-connect",
                        "127.0.0.1:\(port)",
                    ])
                    #expect(ending != .exited(0))
                }
                #expect(try await serials() == ["serial=01", "serial=01"])

                try await certificates.issue("server", serial: 3)
                try await Self.reload(stint, until: "certificate read again")
                #expect(try await serials() == ["serial=03", "serial=03"])

                _ = try place.write("no certificate", to: "server.pem")
                try await Self.reload(stint, until: "certificate refused; the old one stays")
                try await certificates.issue("other", serial: 4)
                _ = try place.write(contents(of: place.file("other.pem")), to: "server.pem")
                try await Self.reload(stint, until: "is not the key of the first certificate")
                #expect(try await serials() == ["serial=03", "serial=03"])
                report(
                    "security: TLS served serial 1, after SIGHUP serial 3, and stayed there with two bad files"
                )
            }
        }

        @Test("Clients must show a certificate when there are roots for them")
        func clientCertificates() async throws {
            try await Workplace.open { place in
                let certificates = try await Certificates(in: place)
                let stint = try await place.start(
                    ["--ledger", "memory", "--tls-client-roots", certificates.authority]
                        + certificates.arguments)
                for url in [
                    "https://127.0.0.1:\(stint.runnerPort)/v1/accounts/a/limits",
                    "https://127.0.0.1:\(stint.adminPort)/livez",
                ] {
                    let stranger = try await place.curl("--cacert", certificates.authority, url)
                    #expect(stranger.code != 0 && stranger.reply.hasSuffix("000"), "\(stranger)")
                    let known = try await place.curl(
                        "--cacert", certificates.authority, "--cert", certificates.clientCertificate,
                        "--key", certificates.clientKey, url)
                    #expect(known.code == 0 && known.reply.hasSuffix(" 200"), "\(known)")
                }
                // Signed by nobody we know.
                try await Self.selfSigned("stranger", place)
                let stranger = try await place.curl(
                    "--cacert", certificates.authority, "--cert", place.file("stranger.pem"),
                    "--key", place.file("stranger.key"), "https://127.0.0.1:\(stint.adminPort)/livez")
                #expect(stranger.code != 0 && stranger.reply.hasSuffix("000"), "\(stranger)")
            }
        }

        private static func selfSigned(_ name: String, _ place: Workplace) async throws {
            let (ending, output) = try await place.outside(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
                    + [
                        "-keyout", place.file("\(name).key"), "-out", place.file("\(name).pem"), "-subj",
                        "/CN=x",
                    ])
            #expect(ending == .exited(0), "\(output)")
        }

        @Test("TLS keeps what HTTP promises: many requests on a connection, and an end that is heard")
        func connections() async throws {
            try await Workplace.open { place in
                let certificates = try await Certificates(in: place)
                let stint = try await place.start(["--ledger", "memory"] + certificates.arguments)
                let requests =
                    (0..<40).map { _ in "GET /v1/accounts/a/limits HTTP/1.1\r\nHost: localhost\r\n\r\n" }
                    .joined()
                    + "GET /v1/accounts/a/limits HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                let file = try place.write(requests, to: "requests")
                // s_client ends when the server has closed, and says that nothing was missing.
                let (ending, output) = try await place.outside([
                    "sh", "-c",
                    "openssl s_client -quiet -CAfile \(certificates.authority) -verify_return_error "
                        + "-connect 127.0.0.1:\(stint.runnerPort) <\(file)",
                ])
                #expect(ending == .exited(0), "\(output)")
                #expect(output.matches(of: /HTTP\/1\.1 200 OK\r\n/).count == 41)
                #expect(output.contains("Connection: close\r\n"))
                // A client that says nothing, and one whose handshake never ends, do not keep it
                // from stopping.
                try await RawConnection.open(port: stint.runnerPort) { connection in
                    try await connection.send("\u{16}\u{3}\u{1}")
                    let began = ContinuousClock.now
                    stint.child.send(SIGTERM)
                    #expect(try await stint.ending() == .exited(0))
                    #expect(began.duration(to: .now) < .seconds(10))
                }
            }
        }
    }
}
