// Which settings give others access, and the messages about that.

import Testing

@testable import StintService

@Suite("Exposure")
struct ExposureTests {
    static let open = ["--runner-address", "0.0.0.0:7400"]
    static let tokens = ["--security-tokens", "tokens"]
    static let tls = ["--tls-certificate", "cert.pem", "--tls-key", "key.pem"]

    @Test(
        "Good settings are taken",
        arguments: [
            [], tokens, tls, tls + ["--tls-client-roots", "ca.pem"], open + tokens + tls,
            open + tokens + ["--security-plaintext", "true"],
            ["--admin-address", "[::]:0", "--runner-address", "10.0.0.1:1"] + tokens + tls,
        ])
    func good(arguments: [String]) throws { _ = try SettingsTests.read(arguments) }

    @Test(
        "What would let anybody in is refused with what to type",
        arguments: [
            (
                open,
                "runner.address (flag --runner-address): other machines can reach 0.0.0.0:7400, and "
                    + "without tokens every request is answered. Type: stint token create --name NAME --scope admin --file FILE, "
                    + "then: stint serve --security-tokens FILE"
            ),
            (
                ["--security-plaintext", "true", "--admin-address", "[2001:db8::1]:7401"],
                "admin.address (flag --admin-address): other machines can reach [2001:db8::1]:7401, and "
                    + "without tokens every request is answered. Type: stint token create --name NAME --scope admin --file FILE, "
                    + "then: stint serve --security-tokens FILE"
            ),
            (
                open + tls,
                "runner.address (flag --runner-address): other machines can reach 0.0.0.0:7400, and "
                    + "without tokens every request is answered. Type: stint token create --name NAME --scope admin --file FILE, "
                    + "then: stint serve --security-tokens FILE"
            ),
            (
                open + tokens,
                "runner.address (flag --runner-address): other machines can reach 0.0.0.0:7400, and without "
                    + "TLS the network can read the tokens. Type: --tls-certificate FILE --tls-key FILE, or "
                    + "--security-plaintext true if the network is encrypted by other means"
            ),
            (
                ["--tls-certificate", "cert.pem"],
                "tls.certificate (flag --tls-certificate): a certificate needs its key. "
                    + "Type: --tls-key FILE"
            ),
            (
                ["--tls-key", "key.pem"],
                "tls.key (flag --tls-key): a key needs its certificate. Type: --tls-certificate FILE"
            ),
            (
                ["--tls-client-roots", "ca.pem"],
                "tls.clientRoots (flag --tls-client-roots): client certificates need TLS. "
                    + "Type: --tls-certificate FILE --tls-key FILE"
            ),
        ])
    func refusals(arguments: [String], message: String) {
        #expect(throws: SettingsError(description: message)) { try SettingsTests.read(arguments) }
    }
}
