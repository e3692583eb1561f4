// The append-only file of the embedded Redis, damaged as a disk or a person may damage it: Stint
// ends and says what to do, and that works.

import Foundation
import StintClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("A damaged append-only file")
    struct DamagedLogTests {
        /// A data directory with 20 executions in the dump and 20 in the log behind it.
        private static func fill(_ place: Workplace) async throws {
            let stint = try await place.start()
            for number in 0..<20 { try await admit("before-\(number)", stint) }
            try place.redis("BGREWRITEAOF")
            try await eventually("the log is rewritten") {
                let facts = try place.redis("INFO", "persistence")
                return facts.contains("aof_rewrite_in_progress:0")
                    && facts.contains("aof_rewrite_scheduled:0")
                    && facts.contains("aof_last_bgrewrite_status:ok") && !Self.files(place, ".base.").isEmpty
            }
            for number in 0..<20 { try await admit("after-\(number)", stint) }
            stint.child.send(SIGTERM)
            #expect(try await stint.ending() == .exited(0))
        }

        private static func admit(_ id: String, _ stint: Stint) async throws {
            let ask = AdmitBody(id: id, maxDurationMs: 10)
            // A busy machine may miss a deadline; then it is asked again, with the same id.
            try await eventually("\(id) is admitted", within: Workplace.timeout) {
                try await [200, 201].contains(stint.client.admit(ask, account: "acme").status)
            }
        }

        private static func folder(_ place: Workplace) -> URL {
            URL(fileURLWithPath: place.dataDirectory).appending(path: "appendonlydir")
        }

        private static func files(_ place: Workplace, _ part: String) -> [URL] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder(place).path)) ?? []
            return names.filter { $0.contains(part) }.sorted().map { folder(place).appending(path: $0) }
        }

        /// Puts other bytes behind the middle of a file; of a log, in place of a command's
        /// beginning, since what a command brings may be any bytes.
        private static func damage(_ file: URL) throws {
            var bytes = try Data(contentsOf: file)
            let middle = bytes.count / 2
            let command = bytes.range(of: Data("\r\n*".utf8), in: middle..<bytes.count)
            let start =
                file.lastPathComponent.contains(".incr.") ? try #require(command).lowerBound + 2 : middle
            bytes.replaceSubrange(start..<start + 8, with: Data("ZZZZZZZZ".utf8))
            try bytes.write(to: file)
        }

        /// Starts a Stint that must end by itself, soon and with an error.
        private static func refusal(_ place: Workplace) async throws -> String {
            let began = ContinuousClock.now
            let (ending, log) = try await place.refusal([])
            guard case .exited(let code) = ending, code != 0 else {
                throw Unexpected("ended with \(String(describing: ending)): \(log)")
            }
            #expect(began.duration(to: .now) < .seconds(15))
            let error = log.split(separator: "\n").last { $0.hasPrefix("Error: ") } ?? "nothing"
            report("exit code \(code): \(error)")
            return String(error)
        }

        @Test("Damage in the middle of the log names the command that cuts it off, which then works")
        func middle() async throws {
            try await Workplace.open { place in
                try await Self.fill(place)
                let log = try #require(Self.files(place, ".incr.").last)
                try Self.damage(log)
                let error = try await Self.refusal(place)
                #expect(
                    error.contains(log.lastPathComponent)
                        && error.contains("later charges are lost"))
                let command = try #require(error.firstMatch(of: #/type: redis-check-aof --fix (\S+)\. /#))
                let output = place.file("check.log")
                try ChildProcess.run(
                    ["sh", "-c", "echo y | redis-check-aof --fix \(command.output.1)"], log: output)
                let stint = try await place.start()
                let used = try await stint.client.used(of: "executions", by: "acme")
                #expect((20..<40).contains(used), "\(used): \(contents(of: output))")
            }
        }

        @Test("Damage in the dump names the file and the way to begin anew, which then works")
        func dump() async throws {
            try await Workplace.open { place in
                try await Self.fill(place)
                let dump = try #require(Self.files(place, ".base.").last)
                try Self.damage(dump)
                let error = try await Self.refusal(place)
                #expect(error.contains("\(dump.lastPathComponent) is damaged"))
                #expect(error.contains("All charges are then lost"))
                let command = try #require(error.firstMatch(of: #/type: (mv \S+ \S+)\. /#))
                try ChildProcess.run(
                    ["sh", "-c", String(command.output.1)], log: place.file("mv.log"))
                let stint = try await place.start()
                #expect(try await stint.client.used(of: "executions", by: "acme") == 0)
            }
        }

        @Test("A log whose end is missing is mended by Redis itself, and the log says so")
        func cutOff() async throws {
            try await Workplace.open { place in
                try await Self.fill(place)
                let log = try #require(Self.files(place, ".incr.").last)
                let bytes = try Data(contentsOf: log)
                try bytes.prefix(bytes.count - 5).write(to: log)
                let stint = try await place.start()
                let used = try await stint.client.used(of: "executions", by: "acme")
                #expect((30...40).contains(used))
                #expect(stint.log.contains("the embedded Redis cut off the incomplete end of its log"))
            }
        }

        @Test("A Redis that never starts is given up after some tries, with what it said and what to do")
        func neverStarts() async throws {
            try await Workplace.open { place in
                let socket = URL(fileURLWithPath: place.dataDirectory).appending(path: "redis.sock")
                try FileManager.default.createDirectory(
                    at: socket, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o700], ofItemAtPath: place.dataDirectory)
                let error = try await Self.refusal(place)
                #expect(error.contains("5 starts failed") && error.contains("Address already in use"))
                #expect(error.contains("Remove what is at the path of its socket"))
            }
        }
    }
}
