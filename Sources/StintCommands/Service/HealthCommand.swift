// `stint health`: does the Stint of these settings live? For HEALTHCHECK of an image, for
// supervisors and for scripts; it needs neither a token nor curl.

import AdminClient
import ArgumentParser
import StintService

struct HealthCommand: AsyncParsableCommand {
    /// A reply must be there within this.
    static let timeout: Duration = .seconds(2)

    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Ask the Stint on this machine whether it lives; ends with 0 when it does, else with 1.",
        usage: "stint health [--ready] [--config FILE] [--SETTING VALUE ...]",
        discussion: """
            It reads the settings that stint serve reads, most of all STINT_ADMIN_ADDRESS, and asks /livez there, or /readyz with \
            --ready. It asks with TLS or without, as it is answered; whose certificate it is, is not looked at. A Stint that wants \
            a certificate of its clients lives when it says so.
            """)

    @Flag(help: "ask whether it can decide now, Redis and all")
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

    /// Where this machine reaches what listens there.
    static func address(_ address: Address) throws -> Address {
        guard address.port != 0 else {
            throw StartError(
                description: "admin.address: which port was taken for 0 is not known here. "
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

    /// Nothing secret is sent, and a service at this address of this machine is asked nothing but
    /// whether it lives.
    private static func ask(_ url: String, _ route: String) async -> Finding {
        let client = AdminClient(url: url, trust: .any, deadline: timeout)
        do {
            let reply = try await client.get(route)
            return reply.status == 200 ? .lives : .failed("status \(reply.status)")
        } catch AdminConnectionError.wantsCertificate where route == "livez" {
            // It has read our side of the handshake, and refuses it.
            return .lives
        } catch {
            return .failed("\(error)")
        }
    }
}
