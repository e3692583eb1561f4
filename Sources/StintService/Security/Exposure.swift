// Checks that the settings do not expose the two APIs: an address beyond loopback needs tokens, and
// needs TLS unless `security.plaintext` is set.

enum Exposure {
    /// The setting at fault, the reason, and what to type.
    struct Refusal: Equatable {
        let setting: String
        let reason: String
        let hint: String
    }

    /// - Returns: nil if the settings are safe together.
    static func refusal(of settings: Settings) -> Refusal? {
        tlsRefusal(settings)
            ?? refusal("runner.address", settings.runnerAddress, settings)
            ?? refusal("admin.address", settings.adminAddress, settings)
    }

    private static func tlsRefusal(_ settings: Settings) -> Refusal? {
        switch (settings.tlsCertificate, settings.tlsKey) {
        case (.some, nil):
            return Refusal(
                setting: "tls.certificate", reason: "a certificate needs its key",
                hint: "Type: --tls-key FILE")
        case (nil, .some):
            return Refusal(
                setting: "tls.key", reason: "a key needs its certificate",
                hint: "Type: --tls-certificate FILE")
        case (nil, nil) where settings.tlsClientRoots != nil:
            return Refusal(
                setting: "tls.clientRoots", reason: "client certificates need TLS",
                hint: "Type: --tls-certificate FILE --tls-key FILE")
        default: return nil
        }
    }

    private static func refusal(_ setting: String, _ address: Address, _ settings: Settings) -> Refusal? {
        guard !address.isLoopback else { return nil }
        guard settings.securityTokens != nil else {
            return Refusal(
                setting: setting,
                reason:
                    "other machines can reach \(address), and without tokens every request is answered",
                hint: "Type: stint token create --name NAME --scope admin --file FILE, then: "
                    + "stint serve --security-tokens FILE")
        }
        guard settings.tlsCertificate != nil || settings.securityPlaintext else {
            return Refusal(
                setting: setting,
                reason:
                    "other machines can reach \(address), and without TLS the network can read the tokens",
                hint:
                    "Type: --tls-certificate FILE --tls-key FILE, or --security-plaintext true if the network is "
                    + "encrypted by other means")
        }
        return nil
    }
}
