// A server in trouble, or one that lies: every question is answered exactly once, in time and
// correctly.

import Accounting
import Glibc
import LedgerRig
import NIOCore
import Redis
import RuleTable
import TestServers
import Testing

@Suite("A ledger whose server is in trouble")
struct LedgerFaultTests {
    private static let account = Account("acct")!
    private static let plan = try! Plan.serverless()
    /// What a loaded machine may add to a deadline.
    private static let slack = Duration.seconds(3)

    private static func put(_ question: Question) -> Put { Put(question, about: account, under: plan) }

    private static let questions: [Put] = [
        put(.ask("b", 10)), put(.settle(ExecutionID("a")!, durationMs: 1)), put(.ask("c", 10)),
    ]

    /// A ledger with one execution charged and held, and what a look at it says.
    private static func withCharge(
        _ server: RedisServer, _ body: (LedgerRig, Answer) async throws -> Void
    ) async throws {
        try await LedgerRig.withRedis(server.url, clock: ManualClock()) { ledger in
            _ = try await ledger.ask(.ask("a", 100), about: account, under: plan)
            try await body(ledger, try await ledger.ask(.peek, about: account, under: plan))
        }
    }

    @Test("Another type at the account's key is a question not applied, and harms nothing else")
    func survivesWrongType() async throws {
        let key = "{acct}"
        try await RedisServer.withServer { server in
            try await Self.withCharge(server) { ledger, before in
                let others = try server.everything(but: key)
                try server.command("RENAME", key, "kept")
                try server.command("LPUSH", key, "not ours")
                for received in try await ledger.receive(Self.questions) {
                    #expect(received.isNotApplied, "\(received)")
                }
                #expect(try server.everything(but: key, "kept") == others)
                #expect(try server.command("LRANGE", key, "0", "-1") == "not ours")
                let other = Put(.ask("a", 10), about: Account("other")!, under: Self.plan)
                let mixed = try await ledger.receive([Self.questions[0], other, Self.questions[1]])
                #expect(mixed[0].isNotApplied && mixed[1].answer != nil && mixed[2].isNotApplied)
                try server.command("RENAME", "kept", key)
                #expect(try await ledger.ask(.peek, about: Self.account, under: Self.plan) == before)
            }
        }
    }

    @Test(
        "Something else of the right type at a key of the account is not taken for ours",
        arguments: [
            ["SET", "{acct}", "short"], ["HSET", "{acct}", "b", "junk", "", "12345678"],
            ["HSET", "{acct}", "", "junk"], ["HSET", "{acct}", "w:60000:60", "junk"],
            ["HSET", "{acct}", "w:60000:60", String(repeating: "x", count: 72)],
        ])
    func survivesForeignValue(_ command: [String]) async throws {
        try await RedisServer.withServer { server in
            try await LedgerRig.withRedis(server.url) { ledger in
                var connection = try BlockingConnection(socketPath: server.socketPath)
                _ = try connection.command(command)
                let received = try await ledger.receive(Self.questions)
                #expect(received.allSatisfy { $0.answer == nil })
                #expect(try server.command("DBSIZE") == "1")
            }
        }
    }

    @Test("A foreign field among the holds is swept away with the expired ones, and in nobody's way")
    func sweepsForeignField() async throws {
        let clock = ManualClock()
        try await RedisServer.withServer { server in
            try await LedgerRig.withRedis(server.url, clock: clock) { ledger in
                try server.command("HSET", "{acct}", "foreign", "junk")
                for _ in 0..<4 {
                    let received = try await ledger.receive(Self.questions)
                    #expect(received.allSatisfy { $0.answer != nil })
                    clock.advance(byMs: 61_000)
                }
                #expect(try server.command("HEXISTS", "{acct}", "foreign") == "0")
            }
        }
    }

    @Test(
        "A server without memory, or that only reads, applies nothing and says so",
        arguments: [
            ["CONFIG", "SET", "maxmemory", "1mb"], ["REPLICAOF", "127.0.0.1", "1"],
        ])
    func survivesRefusal(_ command: [String]) async throws {
        try await RedisServer.withServer { server in
            try await Self.withCharge(server) { ledger, before in
                let everything = try server.everything()
                var connection = try BlockingConnection(socketPath: server.socketPath)
                _ = try connection.command(command)
                for question in Self.questions {
                    let received = try await ledger.receive([question])[0]
                    #expect(received.isNotApplied, "\(received)")
                }
                for received in try await ledger.receive(Self.questions) {
                    #expect(received.isNotApplied, "\(received)")
                }
                #expect(try server.everything() == everything)
                try server.command("CONFIG", "SET", "maxmemory", "0")
                try server.command("REPLICAOF", "NO", "ONE")
                // The connection to a replica was given up.
                try await eventually("it answers") {
                    let peek = Put(.peek, about: Self.account, under: Self.plan)
                    return try await ledger.receive([peek])[0].answer == before
                }
                let healed = try await ledger.receive(Self.questions)
                #expect(healed.allSatisfy { $0.answer != nil })
            }
        }
    }

    @Test(
        "A stopped or killed server costs at most the deadline, and the ledger comes back by itself",
        arguments: [
            SIGSTOP, SIGKILL,
        ])
    func survivesSignal(_ signal: Int32) async throws {
        try await RedisServer.withServer { server in
            try await LedgerRig.withRedis(server.url) { settings in
                settings.commandDeadline = .milliseconds(150)
                settings.connectDeadline = .milliseconds(150)
            } _: { ledger in
                for _ in 0..<3 {
                    try await eventually("the ledger answers") {
                        try await ledger.receive([Self.put(.peek)])[0].answer != nil
                    }
                    server.kill(signal)
                    for _ in 0..<20 {
                        for received in try await ledger.receive(Self.questions) {
                            #expect(received.isUnknown || received.isNotApplied, "\(received)")
                            #expect(received.after < .milliseconds(150) + Self.slack)
                        }
                    }
                    if signal == SIGKILL { try await server.restart() } else { server.kill(SIGCONT) }
                }
            }
        }
    }

    @Test("An admission whose reply was late is charged once: its repetition finds it held")
    func survivesLateReply() async throws {
        try await RedisServer.withServer { server in
            try await LedgerRig.withRedis(server.url) { settings in
                settings.commandDeadline = .milliseconds(150)
                // However long this test stands still itself.
                settings.silenceLimit = .seconds(60)
            } _: { ledger in
                func untilAnswered(_ put: Put) async throws -> Answer? {
                    var answer: Answer?
                    try await eventually("the ledger answers") {
                        answer = try await ledger.receive([put])[0].answer
                        return answer != nil
                    }
                    return answer
                }
                _ = try await untilAnswered(Self.put(.peek))
                server.kill(SIGSTOP)
                let late = try await ledger.receive([Self.put(.ask("late", 10))])[0]
                let refused = try await ledger.receive([Self.put(.ask("refused", 10))])[0]
                #expect(late.isUnknown && refused.isNotApplied, "\(late), \(refused)")
                server.kill(SIGCONT)
                let peek = try await untilAnswered(Self.put(.peek))
                #expect(peek?.usage[0].executions == 1)
                let again = try await untilAnswered(Self.put(.ask("late", 10)))
                guard case .held? = again?.verdict else {
                    Issue.record("not held: \(String(describing: again))")
                    return
                }
                #expect(again?.usage[0].executions == 1)
            }
        }
    }

    @Test("Questions before the server is there are not applied, at once")
    func startsWithoutServer() async throws {
        try await RedisServer.withServer { server in
            server.kill(SIGKILL)
            try await LedgerRig.withRedis(server.url, untilReady: false) { ledger in
                for received in try await ledger.receive(Self.questions) {
                    #expect(received.isNotApplied && received.after < Self.slack, "\(received)")
                }
                try await server.restart()
                try await eventually("the ledger answers") {
                    try await ledger.receive([Self.put(.peek)])[0].answer != nil
                }
            }
        }
    }

    struct Lie: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let reply: String
        var isNotApplied = false
    }

    /// `count` bytes of the shape of an answer to one ask: a verdict and numbers of 8 bytes, all
    /// `number`.
    private static func answer(_ verdict: UInt8, _ number: String) -> String {
        "$49\r\n" + String(UnicodeScalar(verdict)) + String(repeating: number, count: 6) + "\r\n"
    }

    static let lies = [
        Lie(testDescription: "text", reply: "$3\r\nabc\r\n"),
        Lie(testDescription: "nothing", reply: "$0\r\n\r\n"),
        Lie(testDescription: "no string", reply: "$-1\r\n"),
        Lie(testDescription: "a number", reply: ":1\r\n"),
        Lie(testDescription: "a status", reply: "+OK\r\n"),
        Lie(testDescription: "an array", reply: "*2\r\n:1\r\n:2\r\n"),
        Lie(testDescription: "no verdict", reply: answer(10, "\0\0\0\0\0\0\0\0")),
        Lie(testDescription: "another question's verdict", reply: answer(5, "\0\0\0\0\0\0\0\0")),
        Lie(testDescription: "a denial by no limit", reply: answer(2, "\0\0\0\0\0\0\0\0")),
        Lie(testDescription: "numbers that are not whole", reply: answer(1, "xxxxxxxx")),
        // Doubles of 2^54: no number of the rule is larger than 2^53.
        Lie(testDescription: "numbers that are too large", reply: answer(1, "\0\0\0\0\0\0\u{50}\u{43}")),
        Lie(testDescription: "an error of the script", reply: "-ERR user_script:1: oh\r\n"),
        Lie(testDescription: "a full memory", reply: "-OOM command not allowed\r\n", isNotApplied: true),
        Lie(
            testDescription: "no script, ever", reply: "-NOSCRIPT No matching script\r\n", isNotApplied: true),
        Lie(testDescription: "another slot", reply: "-MOVED 1 127.0.0.1:1\r\n", isNotApplied: true),
    ]

    @Test("Whatever a lying server answers is no admission, and no crash", arguments: lies)
    func survivesLie(_ lie: Lie) async throws {
        let script = "$40\r\n\(String(repeating: "a", count: 40))\r\n"
        try await ScriptedServer.withServer(
            [.receive(1), .send("+PONG\r\n"), .receive(1), .send(script), .answerAll(with: lie.reply)]
        ) { server in
            try await LedgerRig.withRedis(server.url) { ledger in
                for _ in 0..<3 {
                    let received = try await ledger.receive([Self.put(.ask("b", 10))])[0]
                    #expect(lie.isNotApplied ? received.isNotApplied : received.isUnknown, "\(received)")
                }
            }
        }
    }

    @Test("A server that takes no scripts into its store is asked with the script's text")
    func livesWithoutScriptLoad() async throws {
        try await RedisServer.withServer(.init(config: ["user default on nopass ~* &* +@all -script"])) {
            server in
            try await LedgerRig.withRedis(server.url) { ledger in
                for _ in 0..<3 {
                    let healed = try await ledger.receive(Self.questions)
                    #expect(healed.allSatisfy { $0.answer != nil })
                }
            }
        }
    }
}

extension RedisServer {
    /// All keys but some, each with its value as the server would dump it.
    func everything(but hidden: String...) throws -> [String] {
        try command("KEYS", "*").split(separator: "\n").map(String.init).filter { !hidden.contains($0) }
            .sorted()
            .map { "\($0) \(try command("DEBUG", "DIGEST-VALUE", $0))" }
    }
}
