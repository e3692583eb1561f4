// The file that `--plans` names, on the disk.

import Foundation
import Testing

@testable import StintService

@Suite("Plan source")
struct PlanSourceTests {
    static let example = """
        default: p
        plans:
          p: {limits: [{name: a, meter: executions, amount: 1, windowMs: 1000}]}
        """

    @Test("Files that are no text, too long or not there are refused before they are parsed")
    func unreadable() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "plans-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: folder) } }
        let file = folder.appending(path: "plans.yaml")
        let path = file.path(percentEncoded: false)
        func reason() -> String {
            do {
                _ = try PlanSource(path: path).read()
                return "nothing was refused"
            } catch {
                return "\(error)"
            }
        }
        #expect(reason().hasPrefix("\(path): cannot be read: "))
        try Data("default: p\n# caf\u{E9}\n".unicodeScalars.map { UInt8($0.value) }).write(to: file)
        #expect(reason() == "\(path):2:1: the line is not UTF-8")
        // A terabyte of nothing.
        let handle = try FileHandle(forWritingTo: file)
        try handle.truncate(atOffset: 1 << 40)
        try handle.close()
        #expect(reason() == "\(path):1:1: more than 1048576 bytes")
        try FileManager.default.removeItem(at: file)
        try FileManager.default.createDirectory(at: file, withIntermediateDirectories: false)
        #expect(reason().hasPrefix("\(path): cannot be read: "))
        try FileManager.default.removeItem(at: file)
        try Data(Self.example.utf8).write(to: file)
        #expect(reason() == "nothing was refused")
    }
}
