// `stint replay TRACE`: puts a recorded trace to a running service, at the times of the trace, and
// takes as long for each execution as it took. Exit statuses are those of `stint load`, and 1 when
// the trace cannot be read.

import ArgumentParser
import LoadGeneration
import StintService
import Traces

struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Put a recorded trace to a running service and measure its answers.",
        usage: "stint replay [--speed X] [--accounts-times K] [--target URL ...] ... TRACE",
        discussion: """
            TRACE is CSV, plain or gzip, sorted by offset_ms, with the columns offset_ms,account,function,duration_ms. \
            Each row is due at its offset divided by the speed, whatever the service does, and latency counts from \
            then. What is admitted runs for as long as recorded, at any speed, before it is settled. docs/LOAD.md says \
            what is measured, and the shape of the JSON.
            """)

    @Argument(help: "the recorded trace; - reads the standard input")
    var trace: String

    @Option(help: .init("how many times as fast executions start: 60 is a minute per second", valueName: "x"))
    var speed = 1.0

    @Option(help: .init("replay each row so often, for accounts NAME:1, NAME:2, ...", valueName: "k"))
    var accountsTimes = 1

    @Option(help: .init("how long to replay; left out, the whole trace", valueName: "seconds"))
    var duration: Double?

    @Option(
        help: .init(
            "what is asked for: ceiling (the kind's), recorded (what the execution takes) or a number of ms",
            valueName: "ask"),
        transform: { try LoadSettings.Ask($0, drawn: "recorded") })
    var ask = LoadSettings().ask

    @Option(help: "the kind of every execution; left out, the service's default")
    var kind: String?

    @Option(help: "how many of the accounts with denials to name")
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
