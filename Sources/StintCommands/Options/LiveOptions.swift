// What commands that show a state have in common: `--watch` shows it again and again.

import AdminClient
import ArgumentParser
import Foundation

struct LiveOptions: ParsableArguments {
    static let interval: Duration = .seconds(2)

    @Flag(help: "show it again every 2 seconds, until Ctrl-C")
    var watch = false
    @OptionGroup var options: AdminOptions

    /// Asks, and prints the answer: the body of the reply with `--format json`, else what `text`
    /// makes of it. On a terminal what is shown again takes the place of what was there.
    func show<Body: Decodable>(
        _ ask: (AdminClient) async throws -> AdminReply, text: (Body) -> String
    ) async throws {
        try await options.withClient { client in
            while true {
                let reply = try await ask(client)
                if options.format == .json {
                    Terminal.show(json: reply.body)
                } else {
                    let body: Body = try reply.decoded()
                    let clear = watch && Terminal.isThere ? "\u{1B}[H\u{1B}[2J" : ""
                    Terminal.write(clear + text(body))
                }
                guard watch else { return }
                try await Task.sleep(for: Self.interval)
            }
        }
    }
}
