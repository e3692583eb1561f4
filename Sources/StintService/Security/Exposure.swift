// Who could reach the two APIs with these settings, and whether that can be left so: beyond this
// machine only those with a token are let in, and only through TLS, unless somebody says in so many
// words that it may be without.

enum Exposure {
    /// Which setting is at fault, why, and what to type.
    struct Refusal: Equatable {
        let setting: String
        let reason: String
        let hint: String
    }

    /// - Returns: nil when the settings fit together.
    static func refusal(of settings: Settings) -> Refusal? {
        tlsRefusal(settings)
            ?? refusal("runner.address", settings.runnerAddress, settings)
            ?? refusal("admin.address", settings.adminAddress, settings)
    }

    private static func tlsRefusal(_ settings: Settings) -> Refusal? {
        switch (settings.tlsCertificate, settings.tlsKey) {
        case (.some, nil):
            return Refusal(
                setting: "tls.certificate", reason: "a certificate is of no use without its key",
                hint: "Type: --tls-key FILE")
        case (nil, .some):
            return Refusal(
                setting: "tls.key", reason: "a key is of no use without its certificate",
                hint: "Type: --tls-certificate FILE")
        case (nil, nil) where settings.tlsClientRoots != nil:
            return Refusal(
                setting: "tls.clientRoots", reason: "clients show certificates only where there is TLS",
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
                    "\(address) can be reached from other machines, and there are no tokens to tell who asks",
                hint: "Type: stint token create --name NAME --scope admin --file FILE, then: "
                    + "stint serve --security-tokens FILE")
        }
        guard settings.tlsCertificate != nil || settings.securityPlaintext else {
            return Refusal(
                setting: setting,
                reason:
                    "\(address) can be reached from other machines, and without TLS tokens can be read on the way",
                hint:
                    "Type: --tls-certificate FILE --tls-key FILE, or --security-plaintext true where the network is "
                    + "encrypted by other means")
        }
        return nil
    }
}
