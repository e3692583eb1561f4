// The tokens and the certificate in force, from the files that the settings name.

import Access
import AdminAPI
import Logging

struct Security: Sendable {
    struct Tokens: Sendable {
        let file: TokenFile
        let current: CurrentTokens
    }

    /// nil: requests need no token.
    let tokens: Tokens?
    /// nil: connections are plain.
    let tls: ServerTLS?

    /// - Throws: ``StartError`` if a file is invalid or cannot be read.
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

    /// For the log line at start.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = [:]
        if let tokens { metadata["tokens"] = "\(tokens.current.book.entries.count)" }
        if let tls { metadata["tls"] = "\(tls.description)" }
        return metadata
    }
}
