// Reads tokens and certificates again. Valid ones are in force at once. Invalid ones are refused
// with the reason, and the previous ones stay in force.

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
            logger.error("tokens refused; the old ones stay in force", metadata: ["reason": "\(error)"])
        }
    }

    private func reloadCertificate() {
        guard let tls = security.tls else { return }
        do {
            try tls.reload()
            logger.info("certificate read again", metadata: ["certificate": "\(tls.description)"])
        } catch {
            logger.error("certificate refused; the old one stays in force", metadata: ["reason": "\(error)"])
        }
    }
}
