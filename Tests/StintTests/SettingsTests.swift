// Where settings come from, which of several counts, and the errors for invalid ones.

import ArgumentParser
import Checkout
import Foundation
import Logging
import Redis
import RunnerAPI
import Testing

@testable import StintCommands
@testable import StintService

@Suite("Settings")
struct SettingsTests {
    static func read(
        _ arguments: [String] = [], _ environment: [String: String] = [:], files: [String: String] = [:]
    ) throws -> Settings {
        try SettingFlags.parse(arguments).settings(environment) { path throws(SettingsError) in
            guard let text = files[path] else { throw SettingsError(description: "no file \(path)") }
            return text
        }
    }

    @Test("Without a word, every setting has the default of its table row")
    func defaults() throws {
        #expect(try Self.read() == Settings())
        for setting in Settings.table where !setting.fallback.isEmpty {
            var settings = Settings()
            #expect(setting.assign(setting.fallback, &settings) == nil, "\(setting.name)")
            #expect(settings == Settings(), "\(setting.name)")
        }
    }

    @Test("A name has three spellings, and no two settings share one")
    func spellings() throws {
        let deadline = try #require(Settings.table.first { $0.name == "redis.commandDeadlineMs" })
        #expect(deadline.flag == "--redis-command-deadline-ms")
        #expect(deadline.variable == "STINT_REDIS_COMMAND_DEADLINE_MS")
        #expect(Set(Settings.table.map(\.flag)).count == Settings.table.count)
        #expect(Set(Settings.table.map(\.variable)).count == Settings.table.count)
    }

    @Test("A flag beats a variable, a variable beats the file, the file beats the default")
    func precedence() throws {
        let files = ["a.yaml": "redis.commandDeadlineMs: 3\neventLoops: 3\ndrain: {deadlineMs: 3}\n"]
        let settings = try Self.read(
            ["--redis-command-deadline-ms", "1", "--config=a.yaml"],
            ["STINT_REDIS_COMMAND_DEADLINE_MS": "2", "STINT_EVENT_LOOPS": "2", "STINT_CONFIG": "b.yaml"],
            files: files)
        #expect(settings.redisCommandDeadlineMs == 1)
        #expect(settings.eventLoops == 2)
        #expect(settings.drainDeadlineMs == 3)
        #expect(settings.redisConnectDeadlineMs == Settings().redisConnectDeadlineMs)
    }

    @Test("The former name of a setting is read everywhere, with a warning that names the present one")
    func formerNames() throws {
        for setting in Settings.table {
            guard let former = setting.formerName.map(Setting.Spelling.init) else { continue }
            var expected = Settings()
            #expect(setting.assign("7", &expected) == nil)
            let (name, present) = (
                setting.formerName ?? "", "now called \(setting.name). Type: \(setting.flag) VALUE"
            )
            for (settings, origin) in [
                (try Self.read([former.flag, "7"]), "flag \(former.flag)"),
                (try Self.read([], [former.variable: "7"]), "variable \(former.variable)"),
                (try Self.read(["--config", "c"], files: ["c": "\(name): 7"]), "c:1"),
            ] {
                expected.warnings = ["\(origin): this setting is \(present)"]
                #expect(settings == expected)
            }
            let both = try Self.read([], [former.variable: "8", setting.variable: "7"])
            expected.warnings = []
            #expect(both == expected, "the present name counts")
            let twice = #expect(throws: SettingsError.self) {
                try Self.read(["--config", "c"], files: ["c": "\(name): 7\n\(setting.name): 7"])
            }
            #expect(twice?.description.contains("duplicate setting \(setting.name)") == true)
        }
        #expect(Settings.table.compactMap(\.formerName) == ["log.maxRows"])
    }

    @Test("STINT_CONFIG names the file when no flag does")
    func configVariable() throws {
        #expect(try Self.read([], ["STINT_CONFIG": "c"], files: ["c": "ledger: memory"]).ledger == .memory)
        #expect(try Self.read([], ["STINT_CONFIG": "c"], files: ["c": "# nothing yet\n"]) == Settings())
    }

    @Test("A variable that is set and empty counts as not set, whichever it is")
    func emptyVariables() throws {
        var variables = ["STINT_CONFIG": ""]
        for setting in Settings.table { variables[setting.variable] = "" }
        #expect(try Self.read([], variables) == Settings())
        let files = ["c": "eventLoops: 3"]
        #expect(try Self.read(["--config", "c"], variables, files: files).eventLoops == 3)
    }

    @Test("Every kind of value is read")
    func kinds() throws {
        let settings = try Self.read([
            "--runner-address", "[::1]:0", "--runner-socket=/run/stint.sock", "--runner-rate-limit-time",
            "true",
            "--redis-url", "redis://user:secret@example.org:6380/2", "--log-level", "debug",
        ])
        #expect(settings.runnerAddress == Address(host: "::1", port: 0))
        #expect(settings.runner.socketPath == "/run/stint.sock")
        #expect(settings.runner.rateLimitTime)
        #expect(settings.redisURL?.address == .tcp(host: "example.org", port: 6380))
        #expect(settings.logLevel == .debug)
        let longest = "/" + String(repeating: "s", count: 102)
        #expect(try Self.read(["--runner-socket", longest]).runner.socketPath == longest)
    }

    @Test("A URL comes from a file too, and a password in a flag is warned of; no text shows it")
    func redisURLFile() throws {
        let files = ["url": "redis://:secret@example.org:6380\r\n"]
        let url = try RedisURL("redis://:secret@example.org:6380")
        let kept = try Self.read([], ["STINT_REDIS_URL_FILE": "url"], files: files)
        #expect(kept.redisURL == url && kept.warnings.isEmpty)
        #expect(try Self.read(["--redis-url-file", "url"], files: files).redisURL == url)
        let text = "redis://:secret@example.org:6380"
        #expect(try Self.read([], ["STINT_REDIS_URL": text]).warnings.isEmpty)
        #expect(try Self.read(["--redis-url", "redis://example.org"]).warnings.isEmpty)
        let warnings = try Self.read(["--redis-url", text]).warnings
        #expect(warnings.count == 1 && warnings[0].contains("--redis-url-file FILE"))
        #expect(!warnings[0].contains("secret"))
        #expect(!"\(kept)".contains("secret"))
    }

    struct Refused: Sendable {
        var arguments: [String] = []
        var environment: [String: String] = [:]
        var file: String?
        let message: String
    }

    @Test(
        "What cannot be is refused with name, origin, bound and what to type",
        arguments: [
            Refused(
                arguments: ["--event-loops", "65"],
                message: "eventLoops (flag --event-loops): must be 1 to 64, not '65'. "
                    + "Type for example: --event-loops 2"),
            Refused(
                arguments: ["--runner-socket", "/" + String(repeating: "s", count: 103)],
                message: "runner.socket (flag --runner-socket): must be a path of at most 103 bytes, not '/"
                    + String(repeating: "s", count: 103) + "'. See: stint serve --help"),
            Refused(
                environment: ["STINT_LEDGER": "disk"],
                message: "ledger (variable STINT_LEDGER): must be redis or memory, not 'disk'. "
                    + "Type for example: --ledger redis"),
            Refused(
                file: "drain:\n  deadlineMs: soon\n",
                message: "drain.deadlineMs (stint.yaml:2): must be 0 to 600000, not 'soon'. "
                    + "Type for example: --drain-deadline-ms 10000"),
            Refused(
                file: "ledger: memory\nredis:\n  ulr: x\n",
                message: "stint.yaml:3:3: unknown setting redis.ulr. "
                    + "Type: stint serve --help, which lists every setting"),
            Refused(
                file: "drain: {deadlineMs: 1}\ndrain.deadlineMs: 2\n",
                message: "stint.yaml:2:1: duplicate setting drain.deadlineMs"),
            Refused(
                file: "ledger: memory\nledger: redis\n",
                message: "stint.yaml:1:1: duplicate key: ledger"),
            Refused(file: "ledger:\n", message: "stint.yaml:1:8: must be a word or a number"),
            Refused(file: "- ledger\n", message: "stint.yaml:1:1: must be a mapping, such as {key: value}"),
            Refused(
                arguments: ["redis://:secret@host"],
                message:
                    "unknown argument: it is not a flag. Type: stint serve --help, which lists every setting"
            ),
            Refused(
                arguments: ["--redis-url-file", "url"],
                environment: ["STINT_REDIS_URL": "redis://:secret@host"],
                message:
                    "redis.urlFile (flag --redis-url-file): redis.url is set too (variable STINT_REDIS_URL). "
                    + "Remove one of the two"),
            Refused(arguments: ["--redis-url-file", "none"], message: "no file none"),
            Refused(
                arguments: ["--redis-url-file", "bad-url"],
                message:
                    "redis.urlFile (flag --redis-url-file): bad-url: not a Redis URL: its host is missing. Write "
                    + "redis://[user:password@]host[:port][/db], rediss://... or unix:///path.sock"),
            Refused(
                arguments: ["--redis-sentinel-user", "ann"],
                message: "redis.sentinelUser (flag --redis-sentinel-user): a user needs a password. "
                    + "Type: --redis-sentinel-password-file FILE"),
            Refused(
                arguments: ["--redis-sentinel-password-file", "blank"],
                message: "redis.sentinelPasswordFile (flag --redis-sentinel-password-file): blank: "
                    + "the password is missing"),
            Refused(arguments: ["--config", "none.yaml"], message: "no file none.yaml"),
            Refused(
                arguments: ["--redis-url", "redis://me:secret@"],
                message: "redis.url (flag --redis-url): not a Redis URL: its host is missing. Write "
                    + "redis://[user:password@]host[:port][/db], rediss://... or unix:///path.sock. "
                    + "See: stint serve --help"),
        ])
    func refusals(refused: Refused) {
        let arguments = refused.arguments + (refused.file == nil ? [] : ["--config", "stint.yaml"])
        var files = ["bad-url": "redis://me:secret@", "blank": " \n"]
        files["stint.yaml"] = refused.file
        #expect(throws: SettingsError(description: refused.message)) {
            try Self.read(arguments, refused.environment, files: files)
        }
    }

    @Test(
        "Only loopback is loopback",
        arguments: [
            ("127.0.0.1:1", true), ("127.9.9.9:1", true), ("localhost:1", true), ("[::1]:1", true),
            ("0.0.0.0:1", false), ("128.0.0.1:1", false), ("127.0.0.1.example.org:1", false),
            ("[::]:1", false),
            ("127.0.0.256:1", false), ("127.0.0:1", false),
        ])
    func loopback(text: String, expected: Bool) throws {
        #expect(try #require(Address(text)).isLoopback == expected)
    }

    @Test(
        "Addresses without host or port are refused",
        arguments: ["", ":1", "a", "a:", "a:65536", "a:-1", "a:+80", "::1:80"])
    func addresses(text: String) {
        #expect(Address(text) == nil)
    }

    @Test("docs/OPERATIONS.md shows the table of settings as the program has it")
    func documentation() throws {
        let page = try Checkout.text(of: "docs/OPERATIONS.md")
        #expect(page.contains("\n\(Settings.markdown)\n"), "put this table there:\n\(Settings.markdown)")
    }
}
