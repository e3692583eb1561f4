// The file of tokens on disk: its mode, its neighbours, and that no reader sees half of it.

import Access
import Foundation
import Testing

@testable import StintService

@Suite("Token file")
struct TokenFileTests {
    private static func inDirectory(_ body: (TokenFile) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "stint-tokens-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        defer {
            do { try FileManager.default.removeItem(at: directory) } catch { Issue.record(error) }
        }
        try body(TokenFile(path: directory.appending(path: "tokens").path(percentEncoded: false)))
    }

    private static func entry(_ name: String, _ scopes: Set<Scope> = [.runner]) throws -> TokenBook.Entry {
        try #require(TokenBook.Entry(name: name, scopes: scopes, digest: TokenDigest(of: name.utf8)))
    }

    private static func mode(_ file: TokenFile) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
        return try #require(attributes[.posixPermissions] as? Int)
    }

    private static func set(mode: Int, _ file: TokenFile) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
    }

    private static func text(_ file: TokenFile) throws -> String {
        try String(contentsOfFile: file.path, encoding: .utf8)
    }

    private static func reason(_ work: () throws -> Void) -> String {
        do {
            try work()
            return "nothing"
        } catch {
            return "\(error)"
        }
    }

    @Test("Entries are added and removed; what others wrote stays, and nothing is left beside the file")
    func change() throws {
        try Self.inDirectory { file in
            try file.add(Self.entry("ci"))
            #expect(try Self.mode(file) == 0o600)
            #expect(try Self.text(file).hasPrefix(TokenBook.heading))
            try (try Self.text(file) + "# by hand").write(
                toFile: file.path, atomically: false, encoding: .utf8)
            try file.add(Self.entry("ann", [.admin, .runner]))
            #expect(try file.read().entries == [Self.entry("ci"), Self.entry("ann", [.admin, .runner])])
            try file.remove("ci")
            #expect(try file.read().entries == [Self.entry("ann", [.admin, .runner])])
            #expect(try Self.text(file).contains("\n# by hand\n"))
            let ended = try Self.text(file).replacing("\n", with: "\r\n")
            try ended.write(toFile: file.path, atomically: false, encoding: .utf8)
            try file.add(Self.entry("ci"))
            try file.remove("ann")
            #expect(try file.read().entries == [Self.entry("ci")])
            let folder = URL(filePath: file.path).deletingLastPathComponent().path(percentEncoded: false)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["tokens"])
        }
    }

    @Test("A file keeps its mode, but is never taken while others may write it")
    func modes() throws {
        try Self.inDirectory { file in
            try file.add(Self.entry("ci"))
            try Self.set(mode: 0o640, file)
            try file.add(Self.entry("ann"))
            #expect(try Self.mode(file) == 0o640)
            for mode in [0o620, 0o602, 0o666] {
                try Self.set(mode: mode, file)
                let reason =
                    "\(file.path): others may write it, and so add tokens. Type: chmod 600 \(file.path)"
                #expect(Self.reason { _ = try file.read() } == reason)
                #expect(Self.reason { try file.add(Self.entry("eve")) } == reason)
            }
            try Self.set(mode: 0o600, file)
            #expect(try file.read().entries.map(\.name) == ["ci", "ann"])
        }
    }

    @Test("What cannot be is refused, and the file stays as it is")
    func refusals() throws {
        try Self.inDirectory { file in
            #expect(
                Self.reason { _ = try file.read() }.hasPrefix(
                    "\(file.path): missing. Type: stint token create"))
            try file.add(Self.entry("ci"))
            let text = try Self.text(file)
            #expect(Self.reason { try file.add(Self.entry("ci")) }.contains("duplicate token ci."))
            #expect(Self.reason { try file.remove("ann") }.contains("unknown token ann."))
            try "".write(toFile: file.path + ".new", atomically: false, encoding: .utf8)
            #expect(Self.reason { try file.remove("ci") }.contains("another stint token is running"))
            #expect(try Self.text(file) == text)
            try FileManager.default.removeItem(atPath: file.path + ".new")
            try (text + "ann admin secret\n").write(toFile: file.path, atomically: false, encoding: .utf8)
            #expect(
                Self.reason { _ = try file.read() }
                    == "\(file.path):3: the digest must be 64 hexadecimal digits, the SHA-256 of the token")
            try String(repeating: "#\n", count: 131_073).write(
                toFile: file.path, atomically: false, encoding: .utf8)
            #expect(Self.reason { _ = try file.read() } == "\(file.path): invalid: more than 262144 bytes")
        }
        #expect(Self.reason { _ = try TokenFile(path: "/dev").read() } == "/dev: invalid: not a regular file")
    }
}
