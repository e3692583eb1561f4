// `stint load`: sends requests to a running service as runners do, and measures its answers. Exit
// status 0 if something was measured and nothing failed, 64 for invalid arguments, else 1.

import ArgumentParser
import LoadGeneration

struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Put a load on a running service and measure its answers.",
        usage: "stint load [--rate PER_SECOND] [--connections N] [--duration SECONDS] [--target URL ...] ...",
        discussion: """
            Without --rate every connection sends its next request as soon as it has an answer. With --rate executions \
            are due at fixed times, even if the service is slow, and latency counts from those times. The last line is \
            the throughput and the p99. docs/LOAD.md describes what is measured, and the JSON.
            """)

    @Option(
        help: .init(
            "executions due per second (default: as fast as they are answered)", valueName: "per-second"))
    var rate: Int?

    @Option(help: .init("how long to measure", valueName: "seconds"))
    var duration = Double(LoadSettings().durationMs) / 1_000

    @Option(help: .init("how long to run before measuring", valueName: "seconds"))
    var warmUp = Double(LoadSettings().warmUpMs) / 1_000

    @Option(help: "the number of accounts: load-0, load-1, ...")
    var accounts = LoadSettings().accounts

    @Option(
        help: .init(
            "the load's distribution over accounts: uniform, zipf or zipf:EXPONENT", valueName: "skew"),
        transform: { try Skew($0) })
    var skew = LoadSettings().skew

    @Option(
        help: .init(
            "durations of executions: fixed:MS, uniform:MS-MS or exponential:MS", valueName: "distribution"),
        transform: { try Durations($0) })
    var durations = LoadSettings().durations

    @Option(
        help: .init(
            "execution time to ask for: ceiling (the kind's), drawn (the execution's duration) or a number of ms",
            valueName: "ask"),
        transform: { try LoadSettings.Ask($0) })
    var ask = LoadSettings().ask

    @Option(help: "the seed; the same seed gives the same sequence of executions")
    var seed = LoadSettings().seed

    @Flag(help: "admit only, and settle nothing")
    var admitOnly = false

    @Option(help: "threads that send the load")
    var eventLoops = LoadSettings().eventLoops

    @OptionGroup
    var options: LoadOptions

    func validate() throws { try options.check(settings) }

    func run() async throws {
        var settings = settings
        settings.token = try options.readToken()
        try await LoadSession(command: "load", settings: settings, options: options).run()
    }

    private var settings: LoadSettings {
        var settings = LoadSettings()
        options.decide(&settings)
        settings.pace = rate.map { .open(perSecond: $0) } ?? .closed
        settings.eventLoops = eventLoops
        settings.accounts = accounts
        settings.skew = skew
        settings.durations = durations
        settings.ask = ask
        settings.seed = seed
        settings.admitsOnly = admitOnly
        settings.warmUpMs = LoadOptions.ms(warmUp)
        settings.durationMs = LoadOptions.ms(duration)
        return settings
    }
}
