// The flags of `stint serve`: the parser, its help and its completions have those of the table, and
// what happens to others.

import ArgumentParser
import RunnerAPI
import Testing

@testable import StintCommands
@testable import StintService

@Suite("Flags of settings")
struct SettingFlagsTests {
    static let flags = Settings.table.map(\.flag) + ["--config"]

    @Test("--help shows each row of the table once, in its order")
    func help() throws {
        let rows = Settings.table.map { setting in
            let fallback = setting.fallback.isEmpty ? "" : " (default: \(setting.fallback))"
            return "\(setting.flag) <\(setting.bound)> \(setting.help)\(fallback)"
        }
        for command in [ServeCommand.self, HealthCommand.self] as [any ParsableCommand.Type] {
            let text = StintCommand.helpMessage(for: command, columns: 1_000)
            let words = text.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
            #expect(words.contains((rows + ["--config <a file>"]).joined(separator: " ")), "\(text)")
            #expect(words.matches(of: /--[a-z-]+ </).count == Self.flags.count)
        }
    }

    @Test("bash completes every flag of the table", arguments: ["serve", "health", "doctor"])
    func bash(command: String) throws {
        let script = StintCommand.completionScript(for: .bash)
        let start = try #require(script.firstRange(of: "_stint_\(command)() {"))
        let options = try #require(
            script[start.upperBound...].firstMatch(of: /non_repeating_options=\((.*)\)/))
        let own = command == "doctor" ? ["--format"] : []
        #expect(options.output.1.split(separator: " ").map(String.init) == own + Self.flags)
    }

    @Test("zsh and fish complete every flag of the table", arguments: ["serve", "health", "doctor"])
    func zshAndFish(command: String) throws {
        let zsh = StintCommand.completionScript(for: .zsh)
        let start = try #require(zsh.firstRange(of: "_stint_\(command)() {"))
        let end = try #require(zsh[start.upperBound...].firstRange(of: "\n}\n"))
        let fish = StintCommand.completionScript(for: .fish).split(separator: "\n")
            .filter { $0.contains("\"stint \(command)\"") }
        for flag in Self.flags {
            #expect(zsh[start.upperBound..<end.lowerBound].contains("'\(flag)["))
            #expect(fish.contains { $0.contains(" -l '\(flag.dropFirst(2))' ") }, "\(flag)")
        }
    }

    @Test("Choices, files and directories are completed as what they are")
    func values() throws {
        let script = StintCommand.completionScript(for: .fish)
        let lines = script.split(separator: "\n").filter { $0.contains("\"stint serve\"") }
        for (flag, ending) in [
            ("ledger", "-rfka 'redis memory'"), ("rollups-kept", "-rfka 'true false'"),
            ("data-dir", "-rfa '(__stint_complete_directories)'"), ("plans", "-rF"),
            ("config", "-rF"), ("event-loops", "-rfka ''"),
        ] {
            let line = try #require(lines.first { $0.contains(" -l '\(flag)' ") })
            #expect(line.hasSuffix(ending), "\(line)")
        }
    }

    @Test(
        "A value may begin with a dash, and the last of a repeated flag counts",
        arguments: [
            (["--event-loops", "3", "--event-loops=4"], 4), (["--event-loops=4", "--event-loops", "3"], 3),
        ])
    func repeated(arguments: [String], eventLoops: Int) throws {
        #expect(try SettingsTests.read(arguments).eventLoops == eventLoops)
        let dashes = ["--data-dir", "--data", "--runner-socket", "-", "--redis-key-prefix=-a:"]
        let settings = try SettingsTests.read(arguments + dashes)
        #expect(settings.dataDirectory == "--data" && settings.runner.socketPath == "-")
        #expect(settings.redisKeyPrefix == "-a:")
        #expect(settings.eventLoops == eventLoops)
    }

    @Test(
        "A flag that is mistyped gets the right one as a hint, and what follows it is never repeated",
        arguments: [
            (["--ledgre", "memory"], "Unknown option '--ledgre'. Did you mean '--ledger'?"),
            (
                ["--redis-ulr=redis://:secret@host"],
                "Unknown option '--redis-ulr'. Did you mean '--redis-url'?"
            ),
            (
                ["--redis-ulr", "redis://:secret@host"],
                "Unknown option '--redis-ulr'. Did you mean '--redis-url'?"
            ),
            (["--no-such-flag", "secret"], "Unknown option '--no-such-flag'"),
            (["--ledger"], "Missing value for '--ledger <redis or memory>'"),
        ])
    func mistyped(arguments: [String], message: String) {
        for command in ["serve", "health", "doctor"] {
            let error = #expect(throws: (any Error).self) {
                try StintCommand.parseAsRoot([command] + arguments)
            }
            guard let error else { continue }
            #expect(StintCommand.message(for: error) == message)
            #expect(!StintCommand.fullMessage(for: error).contains("secret"))
        }
    }
}
