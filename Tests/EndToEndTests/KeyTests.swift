// What is in Redis after a bad day: nothing that stays for ever, nothing that grows.

import Glibc
import QuotaClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Keys")
    struct KeyTests {
        /// The longest name there may be, so that no account has larger keys.
        static let longName = String(repeating: "account:", count: 16)
        static let busy = "busy"

        @Test("After mixed traffic and two crashes every key has a time to live, and a busy account is small")
        func timeToLive() async throws {
            try await Workplace.open { place in
                let first = try await place.start()
                try await Self.traffic(first.client)
                kill(try place.redisPid(), SIGKILL)
                try await Self.traffic(first.client)
                first.child.send(SIGKILL)
                _ = try await first.ending()
                let second = try await place.start()
                try await Self.traffic(second.client)

                let keys = try place.redis("KEYS", "*").split(separator: "\n").map(String.init)
                #expect(keys.count >= 2 * 12)
                for key in keys {
                    let ttl = try #require(Int(try place.redis("PTTL", key)))
                    #expect(ttl > 0, "\(key)")
                }
                let windows = try Self.memory(of: "w:60000:60", in: place)
                let holds = try Self.memory(of: "x", in: place)
                #expect(windows[0] <= 1_024, "of \(Self.busy)")
                let held = try #require(Int(try place.redis("HLEN", "stint:{\(Self.busy)}:x"))) - 1
                #expect(held > 0 && holds[0] / held <= 160)
                report(
                    "\(keys.count) keys, all with a TTL; MEMORY USAGE of account '\(Self.busy)': window "
                        + "\(windows[0]) bytes, \(held) holds \(holds[0]) bytes; of one with a name of 128 bytes: "
                        + "window \(windows[1]) bytes, holds \(holds[1]) bytes")
            }
        }

        /// `MEMORY USAGE` of the busy account's key, and of the one with the long name.
        private static func memory(of suffix: String, in place: Workplace) throws -> [Int] {
            try [busy, longName].map { account in
                try #require(Int(try place.redis("MEMORY", "USAGE", "stint:{\(account)}:\(suffix)")))
            }
        }

        /// Every question, on a dozen accounts, with every outcome; answered, or refused while Redis is away.
        private static func traffic(_ client: QuotaClient) async throws {
            let known: Set<Int> = [200, 201, 404, 429, 503]
            for round in 0..<40 {
                for account in [busy, longName] + (0..<10).map({ "account-\($0)" }) {
                    let isBusy = account == busy || account == longName
                    guard isBusy || round < 4 else { continue }
                    let admit = try await client.admit(
                        AdmitBody(id: "r-\(round)", kind: round % 2 == 0 ? "function" : "workflow-action"),
                        account: account)
                    #expect(known.contains(admit.status))
                    if round % 3 == 0 {
                        let settle = try await client.settle(
                            "r-\(round)", SettleBody(durationMs: round * 1_000), account: account)
                        #expect(known.contains(settle.status))
                    }
                    #expect(try await known.contains(client.peek(account: account).status))
                }
            }
        }
    }
}
