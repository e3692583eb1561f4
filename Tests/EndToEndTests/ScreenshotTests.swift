// The pages as pictures, with traffic in them. scripts/screenshots.sh makes docs/screenshots with
// it.

import Accounting
import AdminClient
import Foundation
import Logging
import Metrics
import NIOPosix
import Redis
import StintClient
import TestServers
import Testing
import WireFormat

@testable import ControlStore

extension EndToEnd {
    @Suite("Screenshots")
    struct ScreenshotTests {
        /// Where the pictures shall go (env var STINT_SCREENSHOTS). Then there is enough traffic to
        /// fill a window.
        private static let folder = ProcessInfo.processInfo.environment["STINT_SCREENSHOTS"]
        /// A picture's size in bytes, at most: they are in the repository.
        private static let largest = 200_000

        @Test("Every page can be photographed")
        func pictures() async throws {
            try await Stint.serving { stint, place in
                try await eventually("the records can be asked", within: Workplace.timeout) {
                    try await stint.admin("/v1/accounts/initech").status == 200
                }
                let override = OverrideBody(
                    amounts: ["executions": 1_200], expiresAt: wallClockMs() + 3 * 86_400_000)
                let admin = AdminClient(url: "http://127.0.0.1:\(stint.adminPort)")
                _ = try await admin.put("v1", "accounts", "initech", "override", body: override)
                try await Self.fillHistory(of: "initech", in: place)
                try await Browser.open { browser in
                    let tab = try await BrowserTab(browser)
                    let overview = "http://127.0.0.1:\(stint.adminPort)/"
                    try await tab.go(to: overview)
                    let traffic = Task { try await Self.traffic(stint.client) }
                    try await Task.sleep(for: Self.folder == nil ? .seconds(3) : .seconds(75))
                    try await save(tab, "overview", height: 1_200)
                    try await tab.go(to: overview + "accounts/initech")
                    try await save(tab, "account", height: 1_640)
                    try await tab.dress(dark: true)
                    try await save(tab, "account-dark", height: 1_640)
                    try await tab.dress(dark: false)
                    try await tab.resize(360, 740)
                    try await save(tab, "narrow", height: 1_480)
                    traffic.cancel()
                    _ = await traffic.result
                }
            }
        }

        /// - Parameter height: of the picture, at most: what stands below is left out.
        private func save(_ tab: BrowserTab, _ name: String, height: Double) async throws {
            try await eventually("the page follows", within: Browser.timeout) {
                try await tab.text("#state") == "Live"
            }
            let picture = try await tab.picture(height: height)
            #expect(picture.starts(with: [0x89, 0x50, 0x4E, 0x47]) && picture.count > 5_000)
            #expect(picture.count <= Self.largest, "\(name): \(picture.count) bytes")
            #expect(tab.complaints == [])
            if let folder = Self.folder {
                try picture.write(to: URL(filePath: folder).appending(path: "\(name).png"))
            }
        }

        /// Writes an hour by the minute and a week by the hour as the rollups keep it: with more by
        /// day, and some denied.
        private static func fillHistory(of account: String, in place: Workplace) async throws {
            let url = try RedisURL("unix://\(place.dataDirectory)/redis.sock")
            let client = try await RedisClient.make(
                on: MultiThreadedEventLoopGroup.singleton.next(), settings: RedisSettings(url: url),
                logger: Logger(label: "history", factory: { _ in SwiftLogNoOpLogHandler() }),
                metrics: NOOPMetricsHandler.instance)
            try await client.start()
            try await eventually("the client is ready") { try await client.isReady }
            let rollups = ControlStore(redis: client, keys: ControlKeys(prefix: "stint:")).rollups
            let now = wallClockMs() / 60_000
            let minutes = (1..<60).map { (now - $0, share: 1) } + (2..<168).map { (now - 60 * $0, share: 50) }
            for (minute, share) in minutes {
                let day = 1 + sin(Double(minute % 1_440) / 1_440 * 2 * .pi)
                let pace = share * (Int(day * 200 + 90 * sin(Double(minute) / 5)) + 160)
                var activity = AccountActivity()
                activity.total.executions = pace
                activity.total.executionTimeMs = pace * (700 + minute % 7 * 40)
                activity.total.errors = pace / (30 + minute % 11)
                activity.total.denials = pace / share > 560 ? ["execution-time": pace / 40] : [:]
                let peak = pace / share / 7
                activity.peakPercent = ["execution-time": min(100, peak), "executions": peak / 2]
                for (index, function) in functions.enumerated() {
                    activity.change(function) {
                        $0.executions = pace / (2 + 2 * index)
                        $0.executionTimeMs = $0.executions * (500 + 300 * index)
                        $0.errors = $0.executions / 60
                    }
                }
                let part = MinuteActivity(
                    account: try #require(Account(account)), minute: minute, activity: activity)
                #expect(await rollups.add([part]) == [nil])
            }
            try await client.close()
        }

        private static let functions = ["thumbnails/resize", "mail/send", "invoices/render", "video/encode"]

        /// Some accounts with paces of their own, until it is cancelled.
        private static func traffic(_ client: RunnerClient) async throws {
            // Executions a second, how much that swings, ms each.
            let accounts: [(name: String, pace: Double, swing: Double, ms: Int)] = [
                ("initech", 11, 8, 800), ("acme", 24, 4, 210), ("globex", 9, 3, 1_200),
                ("umbrella", 6, 5, 90),
                ("hooli", 4, 1, 2_300), ("wonka-industries", 2, 1, 400), ("stark", 1.4, 0.5, 640),
            ]
            let begin = ContinuousClock.now
            var (turn, due) = (0, accounts.map { _ in 0.0 })
            while !Task.isCancelled {
                turn += 1
                let seconds = (ContinuousClock.now - begin) / .seconds(1)
                for (index, account) in accounts.enumerated() {
                    due[index] += (account.pace + account.swing * sin(seconds / 4 + Double(index))) / 5
                    while due[index] >= 1 {
                        due[index] -= 1
                        let number = Int.random(in: 0...999)
                        let function = functions[(number + index) % functions.count]
                        let admitted = try await client.admit(
                            AdmitBody(function: function, maxDurationMs: 4_000), account: account.name)
                        // Some go on running, and some are denied.
                        guard admitted.status == 201, number > 4 else { continue }
                        let ms = account.ms / 2 + account.ms * number / 1_000 + (number == 500 ? 4_000 : 0)
                        let ending = SettleBody(
                            durationMs: ms, outcome: number % 60 == 0 ? .error : ms > 4_000 ? .timeout : .ok,
                            memoryBytes: 20_000_000 + 60_000 * number)
                        _ = try await client.settle(admitted.accepted.id, ending, account: account.name)
                    }
                }
                try await Task.sleep(until: begin + .milliseconds(200 * turn))
            }
        }
    }
}
