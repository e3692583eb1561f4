// The programs of the image and of docker-compose.yml, as processes: the entry point, the health
// command, the password generator.

import AdminClient
import AsyncHTTPClient
import Foundation
import Glibc
import StintClient
import TestServers
import Testing

extension EndToEnd {
    @Suite("Containers")
    struct ContainerTests {
        /// The variables that the image sets, for ports and a directory of a test's own.
        static func environment(_ runners: Int, _ admin: Int) -> String {
            "export STINT_DATA_DIR=\"$1/data\" STINT_RUNNER_ADDRESS=0.0.0.0:\(runners) STINT_ADMIN_ADDRESS=0.0.0.0:\(admin); "
        }

        /// Runs the entry with `arguments` until `body` is done, then stops it as an engine does.
        static func entry(
            _ place: Workplace, _ variables: String, _ arguments: String, log: String,
            isolation: isolated (any Actor)? = #isolation,
            _ body: (ChildProcess) async throws -> Void
        ) async throws {
            let child = try place.shellChild(
                variables
                    + "mkdir -p \"$STINT_DATA_DIR\"; exec \"$ROOT/deploy/container/entry.sh\" \(arguments)",
                log: log)
            defer { child.stop() }
            try await eventually("it serves", within: Workplace.timeout) {
                guard child.isRunning else { throw Unexpected(contents(of: log)) }
                return contents(of: log).contains("stint serves")
            }
            try await body(child)
            child.send(SIGTERM)
            try await eventually("it has ended", within: Workplace.timeout) { !child.isRunning }
            #expect(child.ending == .exited(0))
        }

        @Test(
            "The image listens beyond loopback, makes two tokens at its first start only, and says where they are"
        )
        func entry() async throws {
            try await Workplace.open { place in
                let (runners, admin) = (try freePort(), try freePort())
                let variables = Self.environment(runners, admin)
                var kept: [String] = []
                for start in 1...2 {
                    let log = place.file("entry-\(start).log")
                    try await Self.entry(place, variables, "serve", log: log) { _ in
                        let message = contents(of: log).contains("created two tokens, in \(place.file(""))")
                        #expect(message == (start == 1), "\(contents(of: log))")
                        let tokens = try ["admin", "runner"].map { name in
                            let path = place.file("data/\(name).token")
                            var status = stat()
                            #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600, "\(name)")
                            return try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(
                                in: .newlines)
                        }
                        if start == 2 { #expect(tokens == kept) }
                        kept = tokens
                        let target = StintAddress.url("http://127.0.0.1:\(runners)")
                        #expect(
                            try await RunnerClient(target, http: place.http).peek(account: "a").status == 401)
                        let runner = RunnerClient(target, http: place.http, token: tokens[1])
                        #expect(try await runner.admit(account: "a").status == 201)
                        let plans = AdminClient(
                            url: "http://127.0.0.1:\(admin)", token: tokens[0])
                        #expect(try await plans.get("v1", "plans").status == 200)
                        let health = try await place.shell(
                            variables + "stint health && stint health --ready", name: "health-\(start)")
                        #expect(health.code == 0, "\(health.output)")
                    }
                }
                let health = try await place.shell(variables + "stint health")
                #expect(
                    health.code == 1 && health.output.contains("no process listens there"), "\(health.output)"
                )
                let version = try await place.shell(
                    variables + "\"$ROOT/deploy/container/entry.sh\" --version", name: "version")
                #expect(version.code == 0 && version.output.contains("."))
            }
        }

        @Test(
            "The health command finds a Stint with TLS, and one that wants certificates of its clients",
            arguments: [false, true])
        func tls(wantsCertificates: Bool) async throws {
            try await Workplace.open { place in
                let made = try await place.shell(
                    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=elsewhere "
                        + "-keyout \"$1/key.pem\" -out \"$1/cert.pem\"", name: "openssl")
                #expect(made.code == 0, "\(made.output)")
                let (runners, admin) = (try freePort(), try freePort())
                let variables =
                    Self.environment(runners, admin)
                    + "export STINT_TLS_CERTIFICATE=\"$1/cert.pem\" STINT_TLS_KEY=\"$1/key.pem\" "
                    + "STINT_TLS_CLIENT_ROOTS=\(wantsCertificates ? "\"$1/cert.pem\"" : ""); "
                let log = place.file("entry.log")
                try await Self.entry(place, variables, "serve", log: log) { _ in
                    #expect(!contents(of: log).contains("speaks without TLS"))
                    let health = try await place.shell(variables + "stint health", name: "health")
                    #expect(health.code == 0, "\(health.output)")
                    // Flags of the service are not known to whoever only has the variables.
                    let blind = try await place.shell(
                        Self.environment(runners, admin) + "stint health", name: "blind")
                    #expect(blind.code == 0, "\(blind.output)")
                }
            }
        }

        /// Runs the entry with a `stint` that does only this.
        private static func entry(
            _ place: Workplace, stint: String, _ arguments: String = "serve", prepare: String = ""
        ) async throws -> (code: Int32?, output: String) {
            try await place.shell(
                "mkdir -p \"$1/bin\" \"$1/data\"; printf '#!/bin/sh\\n\(stint)\\n' >\"$1/bin/stint\"; chmod +x \"$1/bin/stint\"; "
                    + "PATH=\"$1/bin:$PATH\"; export STINT_DATA_DIR=\"$1/data\"; \(prepare)"
                    + "exec \"$ROOT/deploy/container/entry.sh\" \(arguments)", name: UUID().uuidString)
        }

        @Test("A first start that fails says why, and leaves nothing behind")
        func failingStart() async throws {
            try await Workplace.open { place in
                let start = try await Self.entry(place, stint: "echo no room left >&2; exit 3")
                #expect(start.code == 1 && start.output.contains("no room left"), "\(start.output)")
                #expect(start.output.contains("cannot create the token admin"), "\(start.output)")
                #expect(try FileManager.default.contentsOfDirectory(atPath: place.file("data")).isEmpty)
            }
        }

        @Test("A flag that the health check cannot see is refused, with the variable to set")
        func unseenFlag() async throws {
            try await Workplace.open { place in
                for flag in ["--admin-address 0.0.0.0:1", "--admin-address=0.0.0.0:1"] {
                    let start = try await Self.entry(place, stint: "echo started", "serve \(flag)")
                    #expect(start.code == 2 && start.output.contains("-e STINT_ADMIN_ADDRESS="), "\(start)")
                    #expect(!start.output.contains("started"))
                }
            }
        }

        @Test(
            "A data directory of an older image's user: the start says what to type",
            .enabled(if: geteuid() == 0, "only root can give files away"))
        func olderImage() async throws {
            try await Workplace.open { place in
                let start = try await Self.entry(
                    place, stint: "echo started", prepare: "chown 999 \"$1/data\"; ")
                #expect(start.output.contains("belongs to user 999"), "\(start)")
                #expect(start.output.contains("chown -R 0 DIRECTORY"), "\(start)")
            }
        }

        @Test("Passwords are made once, each for its service alone, and Redis and its clients take them")
        func secrets() async throws {
            try await Workplace.open { place in
                // Owners are numbers of users in the images; here all is ours.
                let script =
                    "mkdir -p \"$1/s\"/{redis,stint,grafana}; "
                    + "STINT_USER=$(id -u) REDIS_USER=$(id -u) GRAFANA_USER=$(id -u) sh \"$ROOT/deploy/container/secrets.sh\" \"$1/s\""
                let first = try await place.shell(script, name: "first")
                #expect(
                    first.code == 0 && first.output.contains("created a password for Redis"),
                    "\(first.output)")
                func read() throws -> [String] {
                    try ["redis/redis.conf", "stint/redis.url", "grafana/password"].map {
                        try String(contentsOfFile: place.file("s/\($0)"), encoding: .utf8)
                    }
                }
                let made = try read()
                let password = try #require(made[0].wholeMatch(of: /requirepass ([0-9a-f]{64})\n/)?.output.1)
                #expect(made[1] == "redis://:\(password)@redis:6379\n")
                #expect(made[2].wholeMatch(of: /[0-9a-f]{64}/) != nil && made[2] != password)
                let second = try await place.shell(script, name: "second")
                #expect(try second.code == 0 && second.output.isEmpty && read() == made, "\(second.output)")
            }
        }
    }
}
