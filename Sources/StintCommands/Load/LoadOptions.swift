// The arguments that `stint load` and `stint replay` share: the target, the connections, and where
// to write the results.

import ArgumentParser
import Foundation
import LoadGeneration
import WireFormat

struct LoadOptions: ParsableArguments {
    @Option(
        help: .init(
            "where the service listens: http://HOST:PORT or unix:/PATH; may be repeated "
                + "(default: \(LoadSettings.localTarget))", valueName: "url"),
        transform: { try LoadTarget($0) })
    var target: [LoadTarget] = []

    @Option(
        help: .init(
            "the token to send; other users of this machine can see it in the list of processes",
            valueName: "token"))
    var token: String?

    @OptionGroup
    var kept: TokenOptions

    @Option(help: "connections, in all targets together")
    var connections = LoadSettings().connections

    @Option(help: .init("how long a reply may take", valueName: "seconds"))
    var timeout = Double(LoadSettings().timeoutMs) / 1_000

    @Option(help: "text or json")
    var format = ReportFormat.text

    @Option(help: .init("record every request and reply, for stint audit", valueName: "file"))
    var record: String?

    @Option(
        help: .init("write the latencies as HdrHistogram's percentile distribution, in ms", valueName: "file")
    )
    var hdr: String?

    func decide(_ settings: inout LoadSettings) {
        if !target.isEmpty { settings.targets = target }
        settings.connections = connections
        settings.timeoutMs = Self.ms(timeout)
    }

    /// The token to send. Call it once, because its file may be a pipe.
    /// - Throws: ``StartError`` if the token is invalid.
    func readToken() throws -> BearerToken? {
        guard let token else { return try kept.token() }
        guard kept.tokenFile == nil else {
            throw ValidationError("--token, --token-file: give only one of the two")
        }
        Terminal.warn("--token: others can see it in the list of processes. Type: --token-file FILE")
        return try TokenOptions.token(token, from: "--token")
    }

    /// - Throws: a `ValidationError` if a setting is out of its bounds.
    func check(_ settings: LoadSettings) throws {
        do throws(LoadError) {
            try settings.check()
        } catch {
            throw ValidationError(error.description)
        }
    }

    /// Seconds as ms. A huge number or NaN gives `Int.max`, which is out of all bounds.
    static func ms(_ seconds: Double) -> Int {
        seconds.magnitude < 1e12 ? Int((seconds * 1_000).rounded()) : .max
    }
}
