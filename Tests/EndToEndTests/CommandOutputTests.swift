// Commands in a shell: outputs that cannot be written, empty variables, files written by other
// programs.

import Foundation
import StintClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Commands in a shell")
    struct CommandOutputTests {
        @Test(
            "What cannot be written makes a command fail and say so, whichever it is; a reader that has gone is no error"
        )
        func outputs() async throws {
            try await Stint.serving(plans: PlanTests.file) { stint, place in
                let admin = "--admin 127.0.0.1:\(stint.adminPort)"
                for words in [
                    "--version", "--help", "plan list --help", "plan list \(admin)",
                    "plan show pro --format json \(admin)",
                    "account show acme \(admin)", "resources list acme \(admin)",
                    "token create --name a --scope runner --file \"$1/tokens\"",
                ] {
                    let full = try await place.shell("\"$0\" \(words) > /dev/full")
                    #expect(full.code == 1, "\(words): \(full.output)")
                    #expect(
                        full.output.contains("Error: standard output: No space left on device\n"),
                        "\(words): \(full.output)")
                }
                for words in ["--help", "plan list \(admin)", "account show acme \(admin)"] {
                    let gone = try await place.shell(
                        "exec 3> >(exit 0); wait $!; \"$0\" \(words) >&3; echo \"ended with $?\"")
                    #expect(gone.output == "ended with 141\n", "\(words)")
                }
            }
        }

        @Test("bash completes the flags of serve, and their values")
        func completions() async throws {
            try await Workplace.open { place in
                let completed = try await place.shell(
                    """
                    source <(stint --generate-completion-script bash)
                    complete -p stint
                    complete_words() { # the words, the last of them unfinished
                        COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
                        _stint stint "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
                        echo "${COMPREPLY[*]}"
                    }
                    complete_words stint serve --redis-u
                    complete_words stint serve --ledger m
                    complete_words stint health --admin
                    """)
                #expect(
                    completed.output == """
                        complete -o filenames -F _stint stint
                        --redis-url --redis-url-file
                        memory
                        --admin-address

                        """)
            }
        }

        @Test(
            "An address without http:// is taken for what it is, an empty variable for none, and anything else is answered with what to type"
        )
        func addresses() async throws {
            try await Stint.serving { stint, place in
                let bare = try await place.shell("STINT_ADMIN=127.0.0.1:\(stint.adminPort) \"$0\" plan list")
                #expect(bare.code == 0 && bare.output.contains("serverless (default)"), "\(bare.output)")
                let empty = try await place.shell(
                    "STINT_ADMIN= STINT_TOKEN= \"$0\" plan list --admin 127.0.0.1:\(stint.adminPort)")
                #expect(empty.code == 0, "\(empty.output)")
                for text in [
                    "somewhere", "ftp://127.0.0.1:1", "http://", "http://a/b", "http://u:p@a:1", ":7401",
                    "127.0.0.1:x", "http://127.0.0.1:74010",
                ] {
                    let refused = try await place.shell("\"$0\" plan list --admin '\(text)'")
                    #expect(refused.code == 1, "\(text)")
                    #expect(
                        refused.output.contains("Type for example: --admin http://127.0.0.1:7401"),
                        "\(refused.output)")
                    #expect(!refused.output.contains("u:p"))
                }
                let nobody = try await place.shell("STINT_ADMIN= \"$0\" plan list")
                #expect(!nobody.output.contains("must be http"), "\(nobody.output)")
            }
        }

        @Test(
            "Settings, plans, tokens and traces may begin with a byte order mark; empty variables say nothing"
        )
        func marks() async throws {
            try await Workplace.open { place in
                let mark = "\u{FEFF}"
                let plans = try place.write(
                    mark + "# don't *ever* raise this\n" + PlanTests.file, to: "plans.yaml")
                let check = try await place.shell(
                    "\"$0\" plan check '\(plans)' && \"$0\" plan check - < '\(plans)'")
                #expect(check.output == "\(plans): valid: free, pro\n-: valid: free, pro\n")
                let config = try place.write(mark + "plans: \(plans)\nledger: memory\n", to: "config.yaml")
                let token = try await place.shell(
                    "\"$0\" token create --name a --scope admin --file \"$1/tokens\" 2>&1")
                #expect(token.code == 0)
                let tokens = try String(contentsOfFile: place.file("tokens"), encoding: .utf8)
                _ = try place.write(mark + tokens.split(separator: "\n").last! + "\n", to: "tokens")
                let list = try await place.shell(
                    "chmod 600 \"$1/tokens\"; \"$0\" token list --file \"$1/tokens\"")
                #expect(list.output == "a  admin\n", "\(list.output)")

                let port = try freePort()
                let log = place.file("serve.log")
                let child = try place.shellChild(
                    "STINT_REDIS_URL= STINT_TLS_KEY= STINT_EVENT_LOOPS= STINT_CONFIG='\(config)' exec \"$0\" serve "
                        + "--runner-address 127.0.0.1:0 --admin-address 127.0.0.1:\(port)", log: log)
                defer { child.stop() }
                try await eventually("it serves", within: Workplace.timeout) {
                    contents(of: log).contains("stint serves") || !child.isRunning
                }
                #expect(contents(of: log).contains("plan=free"), "\(contents(of: log))")
            }
        }

        @Test("SIGTERM ends a Stint whose log nobody reads, and requests are answered meanwhile")
        func unreadLog() async throws {
            try await Workplace.open { place in
                let pipe = place.file("log.pipe")
                try #require(mkfifo(pipe, 0o600) == 0)
                // Held open and full, so that writing neither fails nor ever gets through.
                let reader = open(pipe, O_RDWR | O_NONBLOCK)
                try #require(reader >= 0)
                defer { close(reader) }
                let zeros = [UInt8](repeating: 0, count: 4_096)
                while write(reader, zeros, zeros.count) > 0 {}
                try #require(errno == EAGAIN)
                let (runners, admin) = (try freePort(), try freePort())
                let child = try place.shellChild(
                    "exec \"$0\" serve --ledger memory --log-level debug --runner-address 127.0.0.1:\(runners) "
                        + "--admin-address 127.0.0.1:\(admin)", log: pipe)
                defer { child.stop() }
                let client = RunnerClient(.url("http://127.0.0.1:\(runners)"), http: place.http)
                try await eventually("it serves", within: Workplace.timeout) {
                    do { return try await client.peek(account: "acme").status == 200 } catch { return false }
                }
                #expect(try await client.peek(account: "acme").status == 200)
                child.send(SIGTERM)
                try await eventually("it has ended") { !child.isRunning }
                #expect(child.ending == .exited(0))
            }
        }
    }
}
