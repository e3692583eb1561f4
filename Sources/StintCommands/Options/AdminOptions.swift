// The options of every command that uses the admin API: its address, the token, and the format of
// the output.

import AdminClient
import ArgumentParser
import Foundation
import StintService
import WireFormat

struct AdminOptions: ParsableArguments {
    @Option(
        help: .init(
            "the admin API's address (default: STINT_ADMIN, else http://127.0.0.1:7401)", valueName: "url"))
    var admin: String?

    @OptionGroup
    var token: TokenOptions

    @Option(help: "text or json")
    var format = ReportFormat.text

    /// Calls `body` with a client, which sends the token, if any, and the user's login name.
    /// - Throws: ``StartError`` if there is no answer, and the errors of `body`.
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

    /// The login name; nil if there is none, or if a header field cannot contain it.
    private static var loginName: String? {
        let name = NSUserName()
        return (1...64).contains(name.utf8.count) && name.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            ? name : nil
    }
}
