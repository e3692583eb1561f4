// The live feed for a program: its counts add up, and it delays no stop.

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import StintClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Live feed")
    struct LiveTests {
        private static func events(in text: String) throws -> [LiveBody] {
            try text.split(separator: "\n").filter { $0.hasPrefix("data: ") }.map {
                try JSONDecoder().decode(LiveBody.self, from: Data($0.dropFirst(6).utf8))
            }
        }

        @Test(
            "Its events add up to what was asked, and a stop ends it at once",
            arguments: [[], ["--ledger", "memory"]])
        func addsUp(arguments: [String]) async throws {
            try await Stint.serving(arguments) { stint, place in
                let request = HTTPClientRequest(url: "http://127.0.0.1:\(stint.adminPort)/v1/live")
                let response = try await place.http.execute(request, timeout: .seconds(60))
                #expect(response.status == .ok)
                #expect(response.headers.first(name: "Content-Type") == "text/event-stream")
                var text = ""
                var isAsked = false
                var stopped: ContinuousClock.Instant?
                for try await part in response.body {
                    text += String(buffer: part)
                    let events = try Self.events(in: text)
                    if events.count == 1, !isAsked {
                        isAsked = true
                        _ = try await QuotaTests.fill(60, "acme", stint.client)
                        for _ in 0..<5 {
                            #expect(try await stint.client.admit(account: "acme").status == 429)
                        }
                    }
                    if stopped == nil, events.reduce(0, { $0 + $1.denied }) == 5 {
                        #expect(events.reduce(0) { $0 + $1.admitted } == 60)
                        #expect(events.contains { $0.connections > 0 && $0.decisionsPerSecond > 0 })
                        #expect(events.contains { $0.ledgerP99Ms != nil } == arguments.isEmpty)
                        stopped = .now
                        stint.child.send(SIGTERM)
                    }
                }
                let took = try #require(stopped).duration(to: .now)
                #expect(try await stint.ending() == .exited(0))
                let events = try Self.events(in: text)
                #expect(zip(events, events.dropFirst()).allSatisfy { $1.at > $0.at })
                report("live feed: \(events.count) events; it ended \(took.inMs) ms after SIGTERM")
                #expect(took < .seconds(5))
            }
        }

        @Test("A reader that went is forgotten, HEAD takes no place, and a query is refused")
        func readers() async throws {
            try await Stint.serving(["--ledger", "memory"]) { stint, place in
                let url = "http://127.0.0.1:\(stint.adminPort)/v1/live"
                var head = HTTPClientRequest(url: url)
                head.method = .HEAD
                for _ in 0..<70 {
                    #expect(try await place.http.execute(head, timeout: .seconds(5)).status == .ok)
                }
                #expect(try await stint.admin("/v1/live?x=1").status == 400)
                // Each goes after its first bytes, which is noticed with the next event.
                for _ in 0..<70 {
                    try await eventually("there is a place", within: Workplace.timeout) {
                        let request = HTTPClientRequest(url: url)
                        let response = try await place.http.execute(request, timeout: .seconds(20))
                        guard response.status == .ok else { return false }
                        let part = try await response.body.first { _ in true }
                        #expect(part.map { String(buffer: $0).hasPrefix("retry: ") } == true)
                        return true
                    }
                }
            }
        }
    }
}
