// Directories that others share: what others may write, links that lead elsewhere, and files in
// place of the lock and of the socket.

import Foundation
import Glibc
import Testing

@testable import StintService

@Suite("Data directory")
struct DataDirectoryTests {
    /// The complaint about a directory at `path`, which `prepare` has made; nil when there is none.
    private static func complaint(
        _ prepare: (_ path: String) throws -> Void, isLong: Bool = false
    ) async throws -> String? {
        try await EmbeddedRedisTests.withPath { path -> String? in
            let directory = isLong ? path + "/" + String(repeating: "long/", count: 20) + "end" : path
            try prepare(path)
            do {
                _ = try DataDirectory(
                    path: directory, temporary: (path as NSString).deletingLastPathComponent)
                return nil
            } catch {
                return "\(error)"
            }
        }
    }

    private static func make(_ path: String, mode: mode_t) {
        #expect(mkdir(path, 0o700) == 0 && chmod(path, mode) == 0)
    }

    @Test("One that nobody else may write is used, whoever may read it", arguments: [0o700, 0o755, 0o1750])
    func good(mode: mode_t) async throws {
        #expect(try await Self.complaint { Self.make($0, mode: mode) } == nil)
    }

    @Test(
        "One that its group or others may write is refused, sticky or not",
        arguments: [0o770, 0o702, 0o1777, 0o720])
    func writable(mode: mode_t) async throws {
        let complaint = try await Self.complaint { Self.make($0, mode: mode) }
        #expect(complaint?.contains("Type: chmod go-w") == true, "\(complaint ?? "none")")
    }

    @Test(
        "One that everybody may replace is refused, unless the directory above is sticky",
        arguments: [0o777, 0o1777, 0o775])
    func above(mode: mode_t) async throws {
        let complaint = try await Self.complaint {
            #expect(chmod(($0 as NSString).deletingLastPathComponent, mode) == 0)
        }
        #expect((complaint == nil) == (mode != 0o777), "\(complaint ?? "none")")
        if let complaint { #expect(complaint.contains("Type: chmod o-w")) }
    }

    @Test(
        "One that is somebody else's is refused", .enabled(if: geteuid() == 0, "only root can give it away"))
    func foreign() async throws {
        let complaint = try await Self.complaint {
            Self.make($0, mode: 0o700)
            #expect(chown($0, 65_534, 65_534) == 0)
        }
        #expect(complaint?.contains("belongs to another user") == true)
    }

    @Test("A link to a directory of ours is followed, one to others' is refused", arguments: [0o700, 0o777])
    func link(mode: mode_t) async throws {
        let complaint = try await Self.complaint { path in
            Self.make(path + "-real", mode: mode)
            #expect(symlink(path + "-real", path) == 0)
        }
        #expect((complaint == nil) == (mode == 0o700))
    }

    @Test(
        "A lock that leads elsewhere is refused, and what it leads to stays as it is",
        arguments: [true, false])
    func lock(isSymbolic: Bool) async throws {
        let complaint = try await Self.complaint { path in
            Self.make(path, mode: 0o700)
            let victim = path + "-victim"
            try "precious".write(toFile: victim, atomically: false, encoding: .utf8)
            #expect((isSymbolic ? symlink : Glibc.link)(victim, path + "/lock") == 0)
            #expect(throws: EmbeddedRedisError.self) { try DataDirectory(path: path) }
            #expect(try String(contentsOfFile: victim, encoding: .utf8) == "precious")
        }
        #expect(complaint?.contains("Type: rm") == true, "\(complaint ?? "none")")
    }

    @Test("A pipe in the place of the lock is refused at once")
    func pipe() async throws {
        let complaint = try await Self.complaint { path in
            Self.make(path, mode: 0o700)
            #expect(mkfifo(path + "/lock", 0o600) == 0)
        }
        #expect(complaint?.contains("Type: rm") == true)
    }

    @Test("The socket is in the directory as long as its path has at most 103 bytes", arguments: [103, 104])
    func longest(bytes: Int) async throws {
        try await EmbeddedRedisTests.withPath { path in
            let rest = bytes - path.utf8.count - "/redis.sock".utf8.count
            let directory = try DataDirectory(
                path: path + String(repeating: "d", count: rest),
                temporary: (path as NSString).deletingLastPathComponent)
            #expect(directory.socketPath.utf8.count <= 103)
            #expect(directory.socketPath.hasPrefix(directory.path + "/") == (bytes == 103))
        }
    }

    @Test(
        "The socket's short directory is taken only when it is one, and ours alone",
        arguments: [("ours", true), ("link", false), ("file", false), ("open", false)])
    func short(what: String, isGood: Bool) async throws {
        let complaint = try await Self.complaint(
            { path in
                // Made once to learn its name, then replaced.
                let above = (path as NSString).deletingLastPathComponent
                let long = path + "/" + String(repeating: "long/", count: 20) + "end"
                let folder = try DataDirectory(path: long, temporary: above).socketPath
                let short = (folder as NSString).deletingLastPathComponent
                switch what {
                case "ours": break
                case "link":
                    #expect(rename(short, path + "-moved") == 0 && symlink(path + "-moved", short) == 0)
                case "file":
                    #expect(rmdir(short) == 0 && FileManager.default.createFile(atPath: short, contents: nil))
                default: #expect(chmod(short, 0o755) == 0)
                }
            }, isLong: true)
        #expect((complaint == nil) == isGood, "\(complaint ?? "none")")
    }
}
