// The arguments of the command line: their meaning, and the errors for invalid ones.

import Testing

@testable import LoadGeneration

@Suite("Load settings")
struct LoadSettingsTests {
    @Test(
        "A target is an address or a socket",
        arguments: [
            ("http://127.0.0.1:7400", LoadTarget.tcp(host: "127.0.0.1", port: 7400), "127.0.0.1:7400"),
            ("http://localhost:1/", .tcp(host: "localhost", port: 1), "localhost:1"),
            ("http://[::1]:65535", .tcp(host: "::1", port: 65_535), "[::1]:65535"),
            ("HTTP://stint", .tcp(host: "stint", port: 80), "stint:80"),
            ("unix:/run/stint.sock", .unixSocket(path: "/run/stint.sock"), "localhost"),
            ("unix:///run/stint.sock", .unixSocket(path: "/run/stint.sock"), "localhost"),
            ("unix:stint.sock", .unixSocket(path: "stint.sock"), "localhost"),
        ])
    func targets(text: String, target: LoadTarget, host: String) throws {
        #expect(try LoadTarget(text) == target)
        #expect(target.host == host)
    }

    @Test(
        "What is no target is refused with words that say what is one",
        arguments: [
            "", "127.0.0.1:7400", "http://127.0.0.1:+80", "http://127.0.0.1:0", "http://127.0.0.1:65536",
            "http://:7400",
            "http://::1:7400", "http://a b:1", "http://h:1/path", "https://127.0.0.1:7400", "unix:",
            "unix:/" + String(repeating: "x", count: 103), "http://a\r\nX-Evil:1", "HTTPS://127.0.0.1:7400",
        ])
    func noTargets(text: String) {
        #expect { try LoadTarget(text) } throws: { error in
            let words = "\(error)"
            return words.contains("Type http://HOST:PORT") || words.contains("unix:/run/stint.sock")
        }
    }

    @Test("Skews are read and said alike", arguments: ["uniform", "zipf:1.0", "zipf:0.99", "zipf:2.5"])
    func skews(text: String) throws {
        #expect("\(try Skew(text))" == text)
        #expect(try Skew("zipf") == .zipf(exponent: 1))
    }

    @Test(
        "What is no skew is refused",
        arguments: ["", "Zipf", "zipf:", "zipf:0", "zipf:-1", "zipf:11", "zipf:nan", "uniform:1", "zipf:1:2"])
    func noSkews(text: String) {
        #expect(throws: LoadError("Type uniform, zipf or zipf:S with S from 0.01 to 10")) { try Skew(text) }
    }

    @Test(
        "Durations are read and said alike",
        arguments: ["fixed:0", "fixed:84", "uniform:5-5", "uniform:1-10000", "exponential:200"])
    func durations(text: String) throws {
        #expect("\(try Durations(text))" == text)
    }

    @Test(
        "What are no durations is refused",
        arguments: [
            "", "200", "fixed", "fixed:", "fixed:-1", "fixed:1-2", "uniform:2-1", "uniform:1",
            "uniform:1-2-3",
            "exponential:x", "exponential:2678400001", "normal:3",
        ])
    func noDurations(text: String) {
        #expect { try Durations(text) } throws: { "\($0)".hasPrefix("Type fixed:MS, uniform:MS-MS or") }
    }

    @Test("An ask is a word or a number of ms")
    func asks() throws {
        #expect(try LoadSettings.Ask("ceiling") == .ceiling)
        #expect(try LoadSettings.Ask("drawn") == .drawn)
        #expect(try LoadSettings.Ask("10000") == .fixed(ms: 10_000))
        for text in ["", "-1", "2678400001", "all"] {
            #expect { try LoadSettings.Ask(text) } throws: {
                "\($0)".hasPrefix("Type ceiling, drawn or")
            }
        }
    }

    @Test("Settings out of bounds are refused by the name of their flag")
    func bounds() throws {
        try LoadSettings().check()
        let wrong: [(String, (inout LoadSettings) -> Void)] = [
            ("--connections", { $0.connections = 0 }), ("--connections", { $0.connections = 10_001 }),
            ("--accounts", { $0.accounts = 0 }), ("--event-loops", { $0.eventLoops = 65 }),
            ("--duration", { $0.durationMs = 0 }), ("--warm-up", { $0.warmUpMs = -1 }),
            ("--timeout", { $0.timeoutMs = 9 }), ("--rate", { $0.pace = .open(perSecond: 0) }),
            (
                "--connections: must be at least 2",
                { settings in
                    settings.connections = 1
                    settings.targets.append(.unixSocket(path: "/x"))
                }
            ),
        ]
        for (words, change) in wrong {
            var settings = LoadSettings()
            change(&settings)
            #expect { try settings.check() } throws: { "\($0)".hasPrefix(words) }
        }
    }
}
