// Which program the embedded Redis is: redis-server if there is one on PATH, else valkey-server.
// And what the line at the start says of it.

import Foundation
import Glibc
import StintClient
import TestServers
import Testing

extension EndToEnd {
    @Suite("The program of the embedded Redis")
    struct EmbeddedProgramTests {
        /// A folder with the server under these names, in an order that must not matter.
        private static func folder(_ names: [String], in place: Workplace) throws -> String {
            let folder = place.file("programs")
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let original = try #require(try server())
            for name in names {
                try FileManager.default.copyItem(atPath: original, toPath: "\(folder)/\(name)")
            }
            return folder
        }

        /// The file of the program that the tests start.
        private static func server() throws -> String? {
            let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
            let found =
                RedisProgram.folder.map { _ in [RedisProgram.path] }
                ?? folders.map { "\($0)/\(RedisProgram.path)" }
            let path = found.first { FileManager.default.isExecutableFile(atPath: $0) }
            guard let path, let real = realpath(path, nil) else { return nil }
            defer { free(real) }
            return String(cString: real)
        }

        @Test(
            "redis-server goes before valkey-server, and the start line names the program and its version",
            arguments: [
                (["valkey-server"], "valkey-server"), (["redis-server"], "redis-server"),
                (["valkey-server", "redis-server"], "redis-server"),
            ])
        func program(names: [String], chosen: String) async throws {
            try await Workplace.open { place in
                let folder = try Self.folder(names, in: place)
                let stint = try await place.start(programs: folder)
                let line = try #require(
                    stint.log.split(separator: "\n").last { $0.hasSuffix("stint serves") })
                #expect(line.contains("server=\(RedisProgram.name) (\(folder)/\(chosen))"), "\(line)")
                #expect(try await stint.client.admit(account: "acme").status == 201)
            }
        }
    }
}
