// Who is let in, and through what: the tokens and the certificate that the settings name, as they
// are in force.

import Access
import AdminAPI
import Logging

struct Security: Sendable {
    struct Tokens: Sendable {
        let file: TokenFile
        let current: CurrentTokens
    }

    /// nil: everybody who can connect is let in.
    let tokens: Tokens?
    /// nil: connections are plain.
    let tls: ServerTLS?

    /// - Throws: ``StartError`` when a file cannot be used.
    init(_ settings: Settings) throws {
        tokens = try settings.securityTokens.map { path in
            let file = TokenFile(path: path)
            return Tokens(file: file, current: CurrentTokens(try file.read()))
        }
        if let certificate = settings.tlsCertificate, let key = settings.tlsKey {
            tls = try ServerTLS(
                .init(certificate: certificate, key: key, clientRoots: settings.tlsClientRoots))
        } else {
            tls = nil
        }
    }

    var book: TokenBook? { tokens?.current.book }

    var admin: AdminSecurity { AdminSecurity(tokens: tokens?.current, secure: tls.map { $0.secure }) }

    /// For the line at the start.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = [:]
        if let tokens { metadata["tokens"] = "\(tokens.current.book.entries.count)" }
        if let tls { metadata["tls"] = "\(tls.description)" }
        return metadata
    }
}
