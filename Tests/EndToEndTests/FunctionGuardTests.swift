// What protects the runner and the host from functions and web pages: Stint behind a token and a
// socket, workers with their own users, a bound on the memory of all of a run's processes, and the
// names under which the runner answers.

import Foundation
import Glibc
import NIOHTTP1
import StintClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("What functions cannot reach")
    struct FunctionGuardTests {
        /// Only root can make workers other users.
        private static let isRoot = geteuid() == 0

        /// A Stint that wants tokens, with a socket, and what a runner of `acme` is started with to
        /// ask it.
        private static func guarded(
            _ place: Workplace, lineEnd: String = "\n"
        ) async throws -> (stint: Stint, runnersToken: String, arguments: [String]) {
            let (tokens, socket) = (place.file("tokens"), place.file("stint.sock"))
            let token = try await SecurityTests.token(
                "f", "runner", in: tokens, place, ["--accounts", "acme"])
            let file = try place.write(token + lineEnd, to: "token")
            chmod(file, 0o600)
            let plans = try place.write(FunctionRunnerTests.plans, to: "plans.yaml")
            let stint = try await place.start([
                "--plans", plans, "--security-tokens", tokens, "--runner-socket", socket,
            ])
            let arguments = [
                "--stint", "unix:\(socket)", "--admin", "http://127.0.0.1:\(stint.adminPort)", "--token-file",
                file,
            ]
            return (stint, token, arguments)
        }

        @Test("A function cannot undo its quota, nor read the runner's files or anybody's environment")
        func trespassing() async throws {
            try await Workplace.open { place in
                let (stint, _, arguments) = try await Self.guarded(place)
                chmod(place.file("."), 0o711)
                try await FunctionRunner.serving(place, arguments) { runner in
                    // Another function runs meanwhile.
                    async let other = runner.call("slow", "&ms=2500")
                    let reply = try await runner.call("trespassing")
                    #expect(reply.status == 200, "\(reply)")
                    for what in ["forget its charges", "raise its limit"] {
                        #expect(reply[what] as? Int == 401)
                    }
                    if Self.isRoot {
                        for what in [
                            "settle an execution", "read the token", "read the secrets",
                            "read the runner's environment",
                        ] { #expect(reply[what] as? String == "EACCES", "\(what): \(reply.body)") }
                        #expect(reply["read other environments"] as? Int == 0, "\(reply.body)")
                    } else {
                        #expect(runner.log.contains("functions run as the runner's own user"))
                    }
                    #expect(try await other.status == 200)
                    let client = RunnerClient(.unixSocket(place.file("stint.sock")), http: place.http)
                    #expect(try await client.used(of: "executions", by: "acme") == 2)
                    report("a function that reached for its quota and its runner got: \(reply.body)")
                }
                #expect(stint.child.isRunning)
            }
        }

        @Test("All processes of a run count as its memory, and none is left when it is over")
        func children() async throws {
            try await Stint.serving(plans: FunctionRunnerTests.plans) { stint, place in
                let modes = Self.isRoot ? [[], ["--worker-uids", "none"]] : [[]]
                for mode in modes {
                    chmod(place.file("."), 0o711)
                    try await FunctionRunner.serving(stint, place, mode) { runner in
                        let reply = try await runner.call("crowd")
                        #expect(
                            reply.status == 500 && reply["title"] as? String == "Out Of Memory", "\(reply)")
                        let log = try await runner.ask("/_logs/\(reply.executionID)").body
                        let pids = log.split(separator: "\n").compactMap { Int32($0) }
                        #expect(pids.count == 3, "\(log)")
                        try await eventually("nothing of it is left", within: Workplace.timeout) {
                            pids.allSatisfy { !FunctionRunnerFaultTests.isAlive($0) }
                        }
                    }
                }
                let rows = try await FunctionRunnerTests.rows(modes.count, stint, place)
                // The kernel lets none have more than that, the census only sees it.
                for row in rows { #expect((row.memoryBytes ?? 0) >= 128 << 20, "\(row)") }
                report("a crowd under 64 MiB ended at \(rows.map { ($0.memoryBytes ?? 0) >> 20 }) MiB")
            }
        }

        @Test("Where the machine has memory cgroups, the kernel keeps a run within its memory")
        func burst() async throws {
            try await Stint.serving(plans: FunctionRunnerTests.plans) { stint, place in
                let text = """
                    const { spawn } = require("child_process");
                    exports.main = () => {
                        const take = ["if=/dev/zero", "of=/dev/null", "bs=100M", "count=100"];
                        for (let made = 0; made < 20; made += 1) spawn("dd", take, {detached: made % 2 === 0, stdio: "ignore"});
                        setInterval(() => {}, 1000);
                    }
                    """
                let folder = try place.functions(["burst": text])
                let pid = try await FunctionRunner.serving(stint, place, folder: folder) { runner -> Int32? in
                    let log = runner.log
                    // Elsewhere it would take 2 GiB before the census sees it.
                    guard log.contains(/memory: cgroup v[12]\n/) else {
                        #expect(log.contains("memory: census"), "\(log)")
                        report("no memory cgroup can be made here: the census alone bounds memory")
                        return nil
                    }
                    #expect(Self.isRoot)
                    let reply = try await runner.call("burst")
                    #expect(reply.status == 500 && reply["title"] as? String == "Out Of Memory", "\(reply)")
                    return runner.child.pid
                }
                guard let pid else { return }
                // What they share with others, such as the text of programs, is only the census's.
                let taken = try await FunctionRunnerTests.rows(1, stint, place)[0].memoryBytes ?? 0
                #expect(taken >= 128 << 20 && taken < 256 << 20)
                #expect(!FileManager.default.fileExists(atPath: "/sys/fs/cgroup/memory/stint-runner-\(pid)"))
                report("a burst of 2 GiB under 64 MiB ended at \(taken >> 20) MiB")
            }
        }

        @Test("Two runners never share a user, and a run never finds what another has left")
        func users() async throws {
            try await Stint.serving(plans: FunctionRunnerTests.plans) { stint, place in
                let few = ["--workers", "1", "--worker-uids", "59900-59900"]
                guard Self.isRoot else {
                    let refusal = await #expect(throws: Unexpected.self) {
                        try await FunctionRunner.serving(stint, place, few) { _ in }
                    }
                    #expect(refusal?.description.contains("only root") == true)
                    return
                }
                let text = """
                    const fs = require("fs");
                    // Those that have ended may not have been noticed yet.
                    const isMine = (pid) => fs.statSync(`/proc/${pid}`).uid === process.getuid()
                        && !fs.readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
                    const isMineStill = (pid) => { try { return isMine(pid); } catch { return false; } };
                    exports.main = (context, send) => {
                        require("child_process").spawn("sleep", ["60"], {detached: true, stdio: "ignore"});
                        const left = fs.readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name)).filter(isMineStill).length;
                        send({body: {user: process.getuid(), left}});
                    }
                    """
                let folder = try place.functions(["who": text])
                try await FunctionRunner.serving(stint, place, folder: folder, few) { runner in
                    for _ in 0..<3 {
                        let reply = try await runner.call("who")
                        // Itself, and what it has just started.
                        #expect(reply["user"] as? Int == 59_900 && reply["left"] as? Int == 2, "\(reply)")
                    }
                    let refusal = await #expect(throws: Unexpected.self) {
                        try await FunctionRunner.serving(stint, place, folder: folder, few) { _ in }
                    }
                    #expect(refusal?.description.contains("Type: --worker-uids FIRST-LAST") == true)
                }
                // The users are free again when their runner has ended.
                try await FunctionRunner.serving(stint, place, folder: folder, few) { runner in
                    let reply = try await runner.call("who")
                    #expect(reply["user"] as? Int == 59_900, "\(reply)")
                }
            }
        }

        @Test(
            "A token file may end with a line feed; a token that cannot be one is no outage, and is not shown"
        )
        func tokens() async throws {
            try await Workplace.open { place in
                let (_, token, arguments) = try await Self.guarded(place, lineEnd: "\r\n")
                chmod(place.file("."), 0o711)
                let lenient = ["--when-unavailable", "admit"]
                try await FunctionRunner.serving(place, arguments + lenient) { runner in
                    let reply = try await runner.call("fast")
                    #expect(
                        reply.status == 200 && reply.body.contains(#""executionsRemaining":999"#), "\(reply)")
                    #expect(try await runner.ask("/_status")["uncounted"] as? Int == 0)
                    #expect(!runner.log.contains(token))
                }
                for (text, says) in [
                    ("stint_ab cd\n", "the token must be 1 to 256"), ("\n", "token: missing token"),
                ] {
                    _ = try place.write(text, to: "token")
                    let refusal = await #expect(throws: Unexpected.self) {
                        try await FunctionRunner.serving(place, arguments + lenient) { _ in }
                    }
                    let message = refusal?.description ?? ""
                    #expect(message.contains(says) && !message.contains("ab cd"), "\(message)")
                }
                chmod(place.file("token"), 0o644)
                let open = await #expect(throws: Unexpected.self) {
                    try await FunctionRunner.serving(place, arguments) { _ in }
                }
                #expect(open?.description.contains("others may read it. Type: chmod 600") == true)
                chmod(place.file("token"), 0o600)
                // Nobody knows this one: that is no outage either.
                _ = try place.write("stint_unknown", to: "token")
                let unknown = await #expect(throws: Unexpected.self) {
                    try await FunctionRunner.serving(place, arguments + lenient) { _ in }
                }
                #expect(unknown?.description.contains("401") == true, "\(unknown?.description ?? "")")
            }
        }

        /// Names and pages that call a runner on loopback, one of whose names is `app.example`.
        static let visits: [(path: String, headers: HTTPHeaders, status: Int)] = {
            let (fast, status) = ("/_hcms/api/fast?portalid=acme", "/_status")
            let (evil, shop) = ("https://evil.example", "https://shop.example")
            return [
                (fast, [:], 200), (status, [:], 200), (fast, ["Host": "LOCALHOST:1"], 200),
                (fast, ["Host": "[::1]:7410"], 200), (fast, ["Host": "evil.example"], 421),
                (fast, ["Host": "127.0.0.1.evil.example"], 421), (status, ["Host": "evil.example"], 421),
                (fast, ["Host": "192.168.0.1"], 421), (fast, ["Origin": evil], 403),
                (fast, ["Origin": "null"], 403),
                (status, ["Origin": evil], 403), (fast, ["Sec-Fetch-Site": "cross-site"], 403),
                (fast, ["Sec-Fetch-Site": "none"], 200), (fast, ["Origin": "http://localhost:3000"], 200),
                (fast, ["Host": "App.example", "Origin": shop], 200),
                (status, ["Host": "app.example", "Origin": shop], 403),
                (status, ["Host": "app.example", "Sec-Fetch-Site": "cross-site"], 403),
            ]
        }()

        @Test(
            "A page of another site, and a name that is not the runner's, call no function of a runner on loopback"
        )
        func visitors() async throws {
            try await Stint.serving(plans: FunctionRunnerTests.plans) { stint, place in
                try await FunctionRunner.serving(stint, place, ["--host", "app.example"]) { runner in
                    for (path, headers, status) in Self.visits {
                        let reply = try await runner.ask(path, headers: headers)
                        #expect(reply.status == status, "\(path) \(headers): \(reply)")
                    }
                    let ran = Self.visits.count { $0.status == 200 && $0.path.contains("fast") }
                    _ = try await FunctionRunnerTests.rows(ran, stint, place)
                    let post = try await runner.ask(
                        "/_hcms/api/slow?portalid=acme", .POST, headers: ["Origin": "https://evil.example"])
                    #expect(post.status == 403)
                    #expect(post["type"] as? String == "urn:function-runner:problem:foreign-origin")
                }
            }
        }
    }
}
