// SIGHUP reloads plans, tokens and certificates from their files.

import ServiceLifecycle
import UnixSignals

struct Reload: Service {
    let plans: PlanReload
    let security: SecurityReload

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            await plans.reload()
            await security.reload()
        }
    }
}
