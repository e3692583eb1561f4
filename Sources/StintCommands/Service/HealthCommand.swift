// `stint health`: checks whether the Stint of these settings runs. For the HEALTHCHECK of an image,
// for supervisors and for scripts; it needs neither a token nor curl.

import AdminClient
import ArgumentParser
import StintService

struct HealthCommand: AsyncParsableCommand {
    /// The time for a reply.
    static let timeout: Duration = .seconds(2)

    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Check the Stint on this machine; exits with 0 if it is healthy, else with 1.",
        usage: "stint health [--ready] [--config FILE] [--SETTING VALUE ...]",
        discussion: """
            It reads the settings of stint serve, above all STINT_ADMIN_ADDRESS, and requests /livez there, or /readyz with \
            --ready. It tries TLS and plain HTTP, and does not check the certificate. A Stint that requires a client \
            certificate is alive if it says so.
            """)

    @Flag(help: "check that it can decide now, which includes Redis")
    var ready = false

    @OptionGroup(title: "Settings")
    var flags: SettingFlags

    func run() async throws {
        let settings = try flags.settings(
            Environment.variables, isToServe: false, open: ServeCommand.open)
        let address = try Self.address(settings.adminAddress)
        let route = ready ? "readyz" : "livez"
        let hasTLS = settings.tlsCertificate != nil
        var reasons: [String] = []
        for scheme in hasTLS ? ["https", "http"] : ["http", "https"] {
            switch await Self.ask("\(scheme)://\(address)", route) {
            case .lives: return
            case .failed(let reason): reasons.append("\(scheme)://\(address)/\(route): \(reason)")
            }
        }
        throw StartError(description: reasons.joined(separator: "; "))
    }

    /// The address at which this machine reaches a service that listens on `address`.
    static func address(_ address: Address) throws -> Address {
        guard address.port != 0 else {
            throw StartError(
                description: "admin.address: port 0 does not say which port Stint took. "
                    + "Type: stint health --admin-address HOST:PORT")
        }
        switch address.host {
        case "0.0.0.0": return Address(host: "127.0.0.1", port: address.port)
        case "::": return Address(host: "::1", port: address.port)
        default: return address
        }
    }

    private enum Finding {
        case lives
        case failed(String)
    }

    /// Requests the route. This sends no secret, so the certificate needs no check.
    private static func ask(_ url: String, _ route: String) async -> Finding {
        let client = AdminClient(url: url, trust: .any, deadline: timeout)
        do {
            let reply = try await client.get(route)
            return reply.status == 200 ? .lives : .failed("status \(reply.status)")
        } catch AdminConnectionError.wantsCertificate where route == "livez" {
            // It has read this side of the handshake and refused it, so it is alive.
            return .lives
        } catch {
            return .failed("\(error)")
        }
    }
}
