// The options of commands that show a state; `--watch` refreshes it.

import AdminClient
import ArgumentParser
import Foundation

struct LiveOptions: ParsableArguments {
    static let interval: Duration = .seconds(2)

    @Flag(help: "refresh every 2 seconds, until Ctrl-C")
    var watch = false
    @OptionGroup var options: AdminOptions

    /// Asks, and prints the answer, once or repeatedly. On a terminal a refresh clears the screen.
    /// - Parameters:
    ///   - ask: sends the request.
    ///   - text: renders the body of the reply, unless the format is JSON.
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
