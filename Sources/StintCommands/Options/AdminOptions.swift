// What every command that talks to the admin API has in common: where it is, who asks, and how the
// answer is printed.

import AdminClient
import ArgumentParser
import Foundation
import StintService
import WireFormat

struct AdminOptions: ParsableArguments {
    @Option(
        help: .init(
            "where the admin API is (default: STINT_ADMIN, else http://127.0.0.1:7401)", valueName: "url"))
    var admin: String?

    @OptionGroup
    var token: TokenOptions

    @Option(help: "text or json")
    var format = ReportFormat.text

    /// Gives `body` a client, with a token if there is one, and the login name of who types.
    /// - Throws: ``StartError`` when nobody is there, and what `body` throws.
    func withClient<Result>(_ body: (AdminClient) async throws -> Result) async throws -> Result {
        let environment = Environment.variables
        let url = try AdminURL(admin ?? environment["STINT_ADMIN"] ?? "http://127.0.0.1:7401").text
        let token = try token.token(in: environment)
        let client = AdminClient(url: url, token: token?.text, actor: Self.loginName)
        do {
            return try await body(client)
        } catch let error as AdminConnectionError {
            throw StartError(description: "no answer from \(url): \(error). Type: --admin http://HOST:PORT")
        }
    }

    /// What may stand in a header; nil when there is no name or another one.
    private static var loginName: String? {
        let name = NSUserName()
        return (1...64).contains(name.utf8.count) && name.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            ? name : nil
    }
}
