// Strangers who take all connections there are, and what is left for others.

import Foundation
import TestServers
import Testing

extension EndToEnd {
    @Suite("Places")
    struct PlaceTests {
        @Test("Idle strangers at the runner API give way to runners")
        func runners() async throws {
            try await Stint.serving(["--runner-maximum-connections", "32"]) { stint, _ in
                try await Strangers.connected(100, to: stint.runnerPort) { strangers in
                    try await eventually("a runner is let in") {
                        try await RawConnection.open(port: stint.runnerPort) { runner in
                            try await runner.post("/v1/accounts/a/executions", "{}") == 201
                        }
                    }
                    try await eventually("no more have stayed than may") { strangers.present <= 32 }
                }
            }
        }
    }
}
