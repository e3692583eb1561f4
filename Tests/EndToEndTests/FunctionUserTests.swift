// The users of runs: a user is not given to another run while any process still runs as it, and no
// two runners share one.

import Foundation
import Glibc
import StintClient
import TestServers
import Testing

extension EndToEnd {
    @Suite("Users of functions", .enabled(if: geteuid() == 0, "only root can make workers other users"))
    struct FunctionUserTests {
        /// Says whose it is, and what runs as that user; those that have ended may not have been
        /// noticed yet.
        private static let who = """
            const fs = require("fs");
            const status = (pid) => { try { return fs.readFileSync(`/proc/${pid}/status`, "utf8"); } catch { return ""; } };
            const isMine = (text) => text.includes(`Uid:\\t${process.getuid()}\\t`) && !/State:\\s+Z/.test(text);
            exports.main = (context, send) => {
                const all = fs.readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name));
                send({body: {user: process.getuid(), left: all.map(status).filter(isMine).length}});
            }
            """

        /// Leaves a process behind that goes on doing something to everything of its user.
        private static func leaving(_ what: String) -> String {
            """
            exports.main = (context, send) => {
                const text = "while :; do kill -\(what) -1; done";
                require("child_process").spawn("sh", ["-c", text], {detached: true, stdio: "ignore"});
                setTimeout(() => send({}), 1_000);
            }
            """
        }

        @Test(
            "What a run has left is ended before its user is used again, also when it ends or stops whoever tries",
            arguments: ["KILL", "STOP"])
        func leftovers(signal: String) async throws {
            try await Stint.serving(plans: FunctionRunnerTests.plans) { stint, place in
                let folder = try place.functions(["who": Self.who, "leaves": Self.leaving(signal)])
                let one = ["--workers", "1", "--worker-uids", "59910-59910"]
                try await FunctionRunner.serving(stint, place, folder: folder, one) { runner in
                    for _ in 0..<2 {
                        _ = try await runner.call("leaves")
                        let reply = try await runner.call("who")
                        #expect(reply["user"] as? Int == 59_910 && reply["left"] as? Int == 1, "\(reply)")
                    }
                    #expect(!runner.log.contains("set aside"), "\(runner.log)")
                    // Of a runner that is killed it is left; the next one starts all the same.
                    async let call = try? runner.call("leaves")
                    try await Task.sleep(for: .milliseconds(500))
                    runner.child.send(SIGKILL)
                    _ = await call
                }
                try await FunctionRunner.serving(stint, place, folder: folder, one) { runner in
                    let reply = try await runner.call("who")
                    #expect(reply["user"] as? Int == 59_910 && reply["left"] as? Int == 1, "\(reply)")
                }
            }
        }

        @Test("A user that does not get free is set aside; without another one calls are refused uncharged")
        func setAside() async throws {
            try await Stint.serving(plans: FunctionRunnerTests.plans) { stint, place in
                let folder = try place.functions(["who": Self.who])
                let one = ["--workers", "1", "--worker-uids", "59911-59911"]
                try await FunctionRunner.serving(stint, place, folder: folder, one) { runner in
                    // Processes that have ended, and whose parent does not notice.
                    let log = place.file("parent.log")
                    let parent = try place.shellChild(
                        "exec perl -e 'for (1..100) { if (!fork) { $< = $> = 59911; exit } } print STDERR qq(made\\n); sleep 600'",
                        log: log)
                    defer { parent.stop() }
                    try await eventually("they have ended", within: Workplace.timeout) {
                        contents(of: log).contains("made")
                    }
                    #expect(try await runner.call("who").status == 200)
                    let refused = try await runner.call("who")
                    #expect(refused.status == 503 && refused["title"] as? String == "Busy", "\(refused)")
                    #expect(refused.body.contains("nothing was charged"), "\(refused)")
                    #expect(runner.log.contains("user 59911 is set aside"), "\(runner.log)")
                    let used = try await stint.client.used(of: "executions", by: "acme")
                    #expect(used == 1)
                    parent.stop()
                    try await eventually("the user is free again", within: Workplace.timeout) {
                        try await runner.call("who").status == 200
                    }
                }
            }
        }

        @Test("A user whose processes cannot be looked for does not end the runner")
        func unstartable() async throws {
            try await Workplace.open { place in
                let module = FunctionRunner.repository("Examples/function-runner/identities.mjs")
                let script = """
                    import { Identities } from "\(module)";
                    const users = new Identities([2 ** 40], (line) => console.log(line));
                    await users.giveBack(await users.take());
                    console.log(await users.take());
                    """
                let file = try place.write(script, to: "users.mjs")
                let (code, output) = try await place.shell("node '\(file)'")
                #expect(code == 0 && output.hasSuffix("undefined\n"), "\(output)")
            }
        }

        /// A process that is stopped between becoming a user and beginning its program holds up the
        /// runner that starts it, so this is tried until it would have happened.
        @Test("What stops all of its user's processes does not stop the runner that ends them")
        func stopping() async throws {
            try await Workplace.open { place in
                let module = FunctionRunner.repository("Examples/function-runner/identities.mjs")
                let script = """
                    import { spawn } from "node:child_process";
                    import { Identities } from "\(module)";
                    const users = new Identities([59912], () => {});
                    // Root would stop everything on the machine.
                    const text = "[ -O / ] && exit; for i in 1 2 3; do (while :; do kill -STOP -1; done) & done";
                    for (let round = 0; round < 15; round += 1) {
                        const id = await users.take();
                        if (id === undefined) continue;
                        spawn("sh", ["-c", text], { uid: id, gid: id, detached: true, stdio: "ignore" }).unref();
                        await new Promise((resolve) => setTimeout(resolve, 20));
                        await users.giveBack(id);
                    }
                    console.log("ended");
                    """
                let file = try place.write(script, to: "stopping.mjs")
                let (code, output) = try await place.shell("timeout --signal KILL 60 node '\(file)'")
                #expect(code == 0 && output == "ended\n", "\(output)")
            }
        }

        @Test("Two runners never share a user, wherever their ranges begin, and only root can take the lock")
        func overlap() async throws {
            try await Stint.serving(plans: FunctionRunnerTests.plans) { stint, place in
                func uids(_ range: String) -> [String] { ["--workers", "1", "--worker-uids", range] }
                let both = ["--workers", "60", "--worker-uids", "59850-59949"]
                try await FunctionRunner.serving(stint, place, both) { _ in
                    for range in ["59800-59859", "59855-59855", "59940-59999"] {
                        let refusal = await #expect(throws: Unexpected.self) {
                            try await FunctionRunner.serving(stint, place, uids(range)) { _ in }
                        }
                        #expect(refusal?.description.contains("only 0 are free") == true, "\(range)")
                    }
                    var status = stat()
                    #expect(stat("/run/function-runner-59800.lock", &status) == 0)
                    #expect(status.st_mode & 0o777 == 0o600)
                }
            }
        }
    }
}
