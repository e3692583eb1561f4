// `stint load`: asks a running service as runners do, and says how fast and how well it answered.
// Exit status 0 when something was measured and nothing failed, 1 otherwise, 64 when the arguments
// make no load.

import ArgumentParser
import LoadGeneration

struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Put a load on a running service and measure its answers.",
        usage: "stint load [--rate PER_SECOND] [--connections N] [--duration SECONDS] [--target URL ...] ...",
        discussion: """
            Without --rate every connection asks again as soon as it is answered. With --rate executions are due at \
            their time whatever the service does, and latency counts from then. Ends with the throughput and the p99. \
            docs/LOAD.md says what is measured, and the shape of the JSON.
            """)

    @Option(
        help: .init("executions due per second; left out: as many as are answered", valueName: "per-second"))
    var rate: Int?

    @Option(help: .init("how long to measure", valueName: "seconds"))
    var duration = Double(LoadSettings().durationMs) / 1_000

    @Option(help: .init("how long to ask first without measuring", valueName: "seconds"))
    var warmUp = Double(LoadSettings().warmUpMs) / 1_000

    @Option(help: "accounts to ask for: load-0, load-1, ...")
    var accounts = LoadSettings().accounts

    @Option(
        help: .init("how the load spreads over them: uniform, zipf or zipf:EXPONENT", valueName: "skew"),
        transform: { try Skew($0) })
    var skew = LoadSettings().skew

    @Option(
        help: .init(
            "what executions take: fixed:MS, uniform:MS-MS or exponential:MS", valueName: "distribution"),
        transform: { try Durations($0) })
    var durations = LoadSettings().durations

    @Option(
        help: .init(
            "what is asked for: ceiling (the kind's), drawn (what the execution takes) or a number of ms",
            valueName: "ask"),
        transform: { try LoadSettings.Ask($0) })
    var ask = LoadSettings().ask

    @Option(help: "the same seed makes the same sequence of executions")
    var seed = LoadSettings().seed

    @Flag(help: "settle nothing")
    var admitOnly = false

    @Option(help: "threads that make the load")
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
