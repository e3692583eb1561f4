// What every command that talks to the admin API has in common: where it is, who asks, and how the answer is printed.

import ArgumentParser
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOPosix
import QuotaClient

struct AdminOptions: ParsableArguments {
    @Option(
        help: .init(
            "where the admin API is (default: STINT_ADMIN, else http://127.0.0.1:7401)", valueName: "url"))
    var admin: String?

    @Option(help: "text or json")
    var format = ReportFormat.text

    /// Gives `body` a client, with the token of STINT_TOKEN and the login name of who types.
    /// - Throws: ``StartError`` when nobody is there, and what `body` throws.
    func withClient<Result>(_ body: (AdminClient) async throws -> Result) async throws -> Result {
        let environment = Environment.variables
        let url = try AdminURL(admin ?? environment["STINT_ADMIN"] ?? "http://127.0.0.1:7401").text
        let http = HTTPClient(eventLoopGroup: .singletonMultiThreadedEventLoopGroup)
        let client = AdminClient(
            url: url, token: environment["STINT_TOKEN"], actor: Self.loginName, http: http)
        do {
            let result = try await body(client)
            try await http.shutdown()
            return result
        } catch {
            try await http.shutdown()
            guard let reason = Self.reason(error) else { throw error }
            throw StartError(description: "no answer from \(url): \(reason). Type: --admin http://HOST:PORT")
        }
    }

    /// The bytes of a reply, or what was made of them, and the end of the line, at once.
    static func write(_ bytes: [UInt8]) throws { StandardOutput.write(bytes + [UInt8(ascii: "\n")]) }

    /// Nil when the service was reached.
    private static func reason(_ error: any Error) -> String? {
        switch error {
        case let error as HTTPClientError: "\(error)"
        case is NIOConnectionError, is IOError: "nobody listens there"
        default: nil
        }
    }

    /// What may stand in a header; nil when there is no name or another one.
    private static var loginName: String? {
        let name = NSUserName()
        return (1...64).contains(name.utf8.count) && name.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            ? name : nil
    }
}
