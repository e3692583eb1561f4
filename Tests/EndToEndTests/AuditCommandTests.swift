// `stint audit` as people and CI use it, on a history recorded from a real service.

import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("stint audit")
    struct AuditCommandTests {
        @Test(
            "ends with 0 on what a service answered, and with 1 when that is tampered with or is no history")
        func endsAsItShould() async throws {
            try await Stint.serving(["--ledger", "memory"], plans: FaultTests.plans) { stint, place in
                let load = Load(client: stint.client, asks: FaultTests.asks, pause: .milliseconds(1))
                let lines = try await load.attempts { record in
                    try await eventually("the account is full", within: Workplace.timeout) {
                        record.count { $0.account == "full" && $0.status == 429 } > 0
                    }
                }.history

                let good = try await Self.audit(lines, place)
                #expect(good.ending == .exited(0), "\(good.output)")
                #expect(good.output.contains("time: 600000 of 600000 ms (100.0 %) in the 600000 ms up to 20"))
                #expect(good.output.contains("account full\n"))
                #expect(good.output.contains("kept: no window was over its limit"))
                report("stint audit: \(good.output.split(separator: "\n")[0])")

                // One more admission than there was room for.
                var tampered = lines
                let index = try #require(lines.lastIndex { $0.account == "full" && $0.isAdmitted })
                var extra = lines[index]
                guard case .admit(let request, let reply?) = extra.exchange, var body = reply.accepted else {
                    return
                }
                body.id = "never-asked"
                extra.exchange = .admit(request, WireReply(status: 201, .accepted(body)))
                tampered.insert(extra, at: index)
                let bad = try await Self.audit(tampered, place)
                #expect(bad.ending == .exited(1))
                #expect(bad.output.contains("BROKEN: "))
                #expect(
                    bad.output.contains("account full: over the limit: time: at least 610000 of 600000 ms"),
                    "\(bad.output)")
            }
        }

        @Test(
            "says what is wrong with a file that is no history",
            arguments: [
                ("", "the file is empty"), ("hello\n", "line 1 is not a line of a history: expected"),
                (
                    "{\"question\":\"pe",
                    "The line has no end, so the recorder was cut off, and other lines may be missing: record again"
                ),
            ])
        func refuses(_ text: String, _ words: String) async throws {
            try await Workplace.open { place in
                let run = try await place.run(["audit", try place.write(text, to: "history.jsonl")])
                #expect(run.ending == .exited(1))
                #expect(run.output.contains(words), "\(run.output)")
                let missing = try await place.run(["audit", place.file("missing.jsonl")])
                #expect(missing.ending == .exited(1))
                #expect(
                    missing.output.contains("cannot be opened. Name a file that exists"), "\(missing.output)")
            }
        }

        private static func audit(
            _ lines: [HistoryLine], _ place: Workplace
        ) async throws -> (ending: ChildProcess.Ending?, output: String) {
            let text = lines.map { String(decoding: $0.json, as: UTF8.self) + "\n" }.joined()
            return try await place.run(["audit", try place.write(text, to: "history.jsonl")])
        }
    }
}

extension HistoryLine {
    fileprivate var isAdmitted: Bool {
        if case .admit(_, let reply?) = exchange { reply.status == 201 } else { false }
    }
}
