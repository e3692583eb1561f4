// What is left in Redis after many faults: nothing stays for ever, nothing grows.

import Glibc
import StintClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Keys")
    struct KeyTests {
        /// The longest name there may be, so that no account has larger keys.
        static let longName = String(repeating: "account:", count: 16)
        static let busy = "busy"

        @Test(
            "After mixed traffic and two crashes every key but those of plans has a time to live, and a busy account is small"
        )
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

                let all = try place.redis("KEYS", "*").split(separator: "\n").map(String.init)
                // Plans stay until somebody deletes them: so many keys, whatever the traffic.
                let kept: Set = ["stint:{plans}:book", "stint:{plans}:audit"]
                #expect(kept.isSubset(of: all))
                let keys = all.filter { !kept.contains($0) }
                let logs = keys.count { $0.hasSuffix(":log") }
                // The processes renew theirs. Others are written behind the requests, so perhaps
                // not yet; two hours or days, when the test runs over midnight.
                let others = keys.count { $0.contains(/}:[ud]:|\{top}:|\{plans}:processes/) }
                #expect(keys.count - logs - others == 12 && (1...12).contains(logs))
                for key in keys {
                    let ttl = try #require(Int(try place.redis("PTTL", key)))
                    #expect(ttl > 0, "\(key)")
                }
                let (bytes, held) = try Self.size(of: Self.busy, in: place)
                #expect(held > 0 && bytes <= 2_048 + 160 * held)
                report(
                    "\(keys.count) keys, all with a TTL; MEMORY USAGE of account '\(Self.busy)': \(bytes) bytes "
                        + "with \(held) holds; of one with a name of 128 bytes: "
                        + "\(try Self.size(of: Self.longName, in: place).bytes) bytes")
            }
        }

        /// `MEMORY USAGE` of an account ledger, and how many holds it has.
        private static func size(of account: String, in place: Workplace) throws -> (bytes: Int, held: Int) {
            let key = "stint:{\(account)}"
            let held = try place.redis("HKEYS", key).split(separator: "\n").count { !$0.contains(":") }
            return (try #require(Int(try place.redis("MEMORY", "USAGE", key))), held)
        }

        /// Every question, on a dozen accounts, with every outcome; answered, or refused while
        /// Redis is away.
        private static func traffic(_ client: RunnerClient) async throws {
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
