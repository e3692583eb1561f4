// Tokens and certificates read again: good ones are in force a moment later, bad ones are refused
// with the reason, and the old ones stay.

import Access
import Logging
import RunnerAPI

struct SecurityReload {
    let security: Security
    let runner: RunnerServer
    let logger: Logger

    func reload() async {
        await reloadTokens()
        reloadCertificate()
    }

    private func reloadTokens() async {
        guard let tokens = security.tokens else { return }
        do {
            let book = try tokens.file.read()
            tokens.current.replace(book)
            try await runner.replace(tokens: book)
            logger.info(
                "tokens read again",
                metadata: ["file": "\(tokens.file.path)", "tokens": "\(book.entries.count)"])
        } catch {
            logger.error("tokens refused; the old ones stay", metadata: ["reason": "\(error)"])
        }
    }

    private func reloadCertificate() {
        guard let tls = security.tls else { return }
        do {
            try tls.reload()
            logger.info("certificate read again", metadata: ["certificate": "\(tls.description)"])
        } catch {
            logger.error("certificate refused; the old one stays", metadata: ["reason": "\(error)"])
        }
    }
}
