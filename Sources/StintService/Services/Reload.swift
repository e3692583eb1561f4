// SIGHUP: plans, tokens and certificates are read again, each as its file says.

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
