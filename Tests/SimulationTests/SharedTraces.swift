// Where the recordings come from: the shared data when STINT_SHARED names its folder, the sample otherwise.
// What should be there and is not, or does not unpack, is an error and not a reason to run the sample.

import Foundation
import SeededChance
import Testing

enum SharedTraces {
    static let folder = ProcessInfo.processInfo.environment["STINT_SHARED"].map {
        URL(filePath: $0).appending(path: "data")
    }

    /// The names of all recordings with verdicts, in order.
    static func names() throws -> [String] {
        guard let folder else { return [TraceSample.name] }
        let path = folder.appending(path: "vectors/verdicts").path(percentEncoded: false)
        return try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(suffix) }
            .map { String($0.dropLast(suffix.count)) }.sorted()
    }

    /// Of a recording with more rows only the quietest accounts are taken, unless it is a proof.
    static let mostRows = Proof.isAsked ? Int.max : 20_000

    static func trace(_ name: String) throws -> Trace {
        guard let folder else {
            return try Trace(
                name: name, rows: TraceSample.rows, verdicts: TraceSample.verdicts, mostRows: mostRows)
        }
        let recorded = folder.appending(path: "traces/\(name)\(suffix)")
        let isRecorded = FileManager.default.fileExists(atPath: recorded.path(percentEncoded: false))
        return try Trace(
            name: name,
            rows: unpack(isRecorded ? recorded : folder.appending(path: "drawn/\(name)\(suffix)")),
            verdicts: unpack(folder.appending(path: "vectors/verdicts/\(name)\(suffix)")),
            mostRows: mostRows)
    }

    /// What `gzip -dc` says of the file.
    static func unpack(_ file: URL) throws -> [UInt8] {
        let gzip = Process()
        let output = Pipe()
        gzip.executableURL = URL(filePath: "/usr/bin/env")
        gzip.arguments = ["gzip", "-dc", file.path(percentEncoded: false)]
        gzip.standardOutput = output
        try gzip.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        gzip.waitUntilExit()
        try #require(gzip.terminationStatus == 0, "gzip -dc \(file.lastPathComponent) failed")
        return Array(bytes)
    }

    private static let suffix = ".csv.gz"
}
