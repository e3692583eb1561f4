// Error replies as Redis 6.2, 7.0 and Valkey 9.1 send them, parsed.

import Redis
import Testing

@Suite("Error replies")
struct ErrorReplyTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let reply: String
        let code: String
        let text: String
        var isFromScript = false
        var isRefusal = true
        var testDescription: String { reply }
    }

    private static let oom = "OOM command not allowed when used memory > 'maxmemory'."
    private static let cannotRun =
        "NOPERM The user executing the script can't run this command or subcommand"
    private static let script = "9667a14c36613adc6e7c2eaf9eae3bb13a6d81b5"

    static let rows = [
        Row(
            reply: "\(oom) script: \(script), on @user_script:1.", code: "OOM", text: oom, isFromScript: true),
        Row(reply: "\(oom) script: on @user_script:1.", code: "OOM", text: oom, isFromScript: true),
        Row(
            reply:
                "ERR Error running script (call to f_\(script)): @user_script:1: @user_script: 12: -\(oom)",
            code: "OOM", text: oom, isFromScript: true),
        Row(reply: "@user_script: 1: -\(oom)", code: "OOM", text: oom, isFromScript: true),
        Row(
            reply:
                "ERR The user executing the script can't run this command or subcommand script: \(script), "
                + "on @user_script:1.", code: "NOPERM", text: cannotRun, isFromScript: true),
        Row(
            reply:
                "ERR Error running script (call to f_\(script)): @user_script:1: @user_script: 1: The user executing "
                + "the script can't run this command or subcommand", code: "NOPERM", text: cannotRun,
            isFromScript: true),
        Row(
            reply:
                "ERR ACL failure in script: User u has no permissions to run the 'hset' command script: on "
                + "@user_script:1.", code: "NOPERM",
            text: "NOPERM User u has no permissions to run the 'hset' command", isFromScript: true),
        Row(
            reply: "NOPERM this user has no permissions to run the 'evalsha' command", code: "NOPERM",
            text: "NOPERM this user has no permissions to run the 'evalsha' command"),
        Row(
            reply:
                "ERR unknown command 'evalsha', with args beginning with: 'abc' '1' 'stint:{acme}' ",
            code: "ERR", text: "ERR unknown command 'evalsha'"),
        Row(reply: "MOVED 1 127.0.0.1:1", code: "MOVED", text: "MOVED 1 127.0.0.1:1"),
        Row(
            reply: "ERR user_script:1: attempt to index a number value script: \(script), on @user_script:1.",
            code: "ERR", text: "ERR user_script:1: attempt to index a number value", isFromScript: true,
            isRefusal: false),
        Row(
            reply: "WRONGTYPE Operation against a key", code: "WRONGTYPE",
            text: "WRONGTYPE Operation against a key", isRefusal: false),
        Row(reply: "", code: "ERR", text: "ERR ", isRefusal: false),
        Row(
            reply: "READONLY \u{9b}1m\u{202e}\r\nx", code: "READONLY", text: "READONLY ?1m???x"),
        Row(reply: "no code", code: "ERR", text: "ERR no code", isRefusal: false),
    ]

    @Test("What the server means is found in what it says", arguments: rows)
    func parts(_ row: Row) {
        let message = ErrorReply(row.reply)
        #expect(message.code == row.code)
        #expect(message.text == row.text)
        #expect(message.isFromScript == row.isFromScript)
        #expect(message.isRefusal == row.isRefusal)
    }

    @Test("What is shown is short, however much a server says")
    func isBounded() {
        let message = ErrorReply("OOM " + String(repeating: "\u{1F600}x", count: 100_000))
        #expect(message.text.utf8.count == ErrorReply.longestText)
        #expect(message.text.hasPrefix("OOM ?x?x"))
        #expect(ErrorReply(String(repeating: "A", count: 100_000)).code.count <= 32)
    }
}
