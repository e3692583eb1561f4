// `stint replay TRACE`: replays a recorded trace against a running service, at the times of the
// trace and with the recorded durations. Exit statuses are those of `stint load`, and 1 if the
// trace cannot be read.

import ArgumentParser
import LoadGeneration
import StintService
import Traces

struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Replay a recorded trace against a running service and measure its answers.",
        usage: "stint replay [--speed X] [--accounts-times K] [--target URL ...] ... TRACE",
        discussion: """
            TRACE is CSV, plain or gzip, sorted by offset_ms, with the columns offset_ms,account,function,duration_ms. \
            Each row is due at its offset divided by the speed, even if the service is slow, and latency counts from \
            that time. An admitted execution lasts as long as recorded, at any speed, and is then settled. docs/LOAD.md \
            describes what is measured, and the JSON.
            """)

    @Argument(help: "the recorded trace; - reads the standard input")
    var trace: String

    @Option(help: .init("how much faster executions start: 60 replays a minute per second", valueName: "x"))
    var speed = 1.0

    @Option(help: .init("replay each row k times, for accounts NAME:1, NAME:2, ...", valueName: "k"))
    var accountsTimes = 1

    @Option(help: .init("how long to replay (default: the whole trace)", valueName: "seconds"))
    var duration: Double?

    @Option(
        help: .init(
            "execution time to ask for: ceiling (the kind's), recorded (the row's duration) or a number of ms",
            valueName: "ask"),
        transform: { try LoadSettings.Ask($0, drawn: "recorded") })
    var ask = LoadSettings().ask

    @Option(help: "the kind of every execution (default: the service's default)")
    var kind: String?

    @Option(help: "how many accounts with denials to name")
    var top = Replay(trace: "").top

    @OptionGroup
    var options: LoadOptions

    func validate() throws {
        for (name, file) in [("--record", options.record), ("--hdr", options.hdr)] {
            if let file, isSameFile(file, trace) {
                throw ValidationError("\(name): \(file) is the trace itself. Name another file")
            }
        }
        try options.check(settings)
    }

    func run() async throws {
        var settings = settings
        settings.token = try options.readToken()
        let feed: TraceFeed
        do throws(TraceError) {
            feed = TraceFeed(try TraceFile(path: trace).reader(), for: replay)
        } catch {
            throw StartError(description: "\(trace): \(error)")
        }
        try await LoadSession(command: "replay", settings: settings, options: options).run(trace: feed)
    }

    private var replay: Replay {
        var replay = Replay(trace: trace)
        replay.speed = speed
        replay.copies = accountsTimes
        replay.kind = kind
        replay.top = top
        return replay
    }

    private var settings: LoadSettings {
        var settings = LoadSettings(replay)
        options.decide(&settings)
        if let duration { settings.durationMs = LoadOptions.ms(duration) }
        settings.ask = ask
        return settings
    }
}
