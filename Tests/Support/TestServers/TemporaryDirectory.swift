// A directory for one test, with a path short enough for a Unix socket in it.

import Foundation

public struct TemporaryDirectory: Sendable {
    public let path: String

    public init() throws {
        var template = Array("\(NSTemporaryDirectory())/stint-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw TestServerError("no temporary directory: errno \(errno)")
        }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    public func file(_ name: String) -> String { "\(path)/\(name)" }

    public func write(_ text: String, to name: String) throws {
        try text.write(toFile: file(name), atomically: false, encoding: .utf8)
    }

    public func remove() {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            print("test server: \(path) is left over: \(error)")
        }
    }
}
