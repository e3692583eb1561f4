// The source of the recordings: the shared data if STINT_SHARED names its folder, otherwise the
// sample. A file that is missing there, or does not unpack, is an error, not a reason to run the
// sample.

public import Foundation
import SeededChance
import Traces

public enum SharedTraces {
    public static let folder = ProcessInfo.processInfo.environment["STINT_SHARED"].map {
        URL(filePath: $0).appending(path: "data")
    }

    /// The names of all recordings with verdicts, in order.
    public static func names() throws -> [String] {
        guard let folder else { return [TraceSample.name] }
        let path = folder.appending(path: "vectors/verdicts").path(percentEncoded: false)
        return try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(suffix) }
            .map { String($0.dropLast(suffix.count)) }.sorted()
    }

    /// Of a recording with more rows only the quietest accounts are taken, unless it is a proof.
    static let mostRows = Proof.isAsked ? Int.max : 20_000

    public static func trace(_ name: String) throws -> Trace {
        try Trace(
            name: name, rows: TraceReader(bytes(of: name)), verdicts: verdicts(of: name), mostRows: mostRows)
    }

    /// The recording as it is, unpacked.
    public static func bytes(of name: String) throws -> [UInt8] {
        guard let file = file(of: name) else { return TraceSample.rows }
        return try unpack(file)
    }

    /// The recording's file; nil for our own sample.
    public static func file(of name: String) -> URL? {
        guard let folder else { return nil }
        let recorded = folder.appending(path: "traces/\(name)\(suffix)")
        let isRecorded = FileManager.default.fileExists(atPath: recorded.path(percentEncoded: false))
        return isRecorded ? recorded : folder.appending(path: "drawn/\(name)\(suffix)")
    }

    public static func verdicts(of name: String) throws -> [UInt8] {
        guard let folder else { return TraceSample.verdicts }
        return try unpack(folder.appending(path: "vectors/verdicts/\(name)\(suffix)"))
    }

    /// The whole of a trace file.
    public static func unpack(_ file: URL) throws -> [UInt8] {
        let file = try TraceFile(path: file.path(percentEncoded: false))
        var bytes: [UInt8] = []
        while try file.read(into: &bytes) {}
        return bytes
    }

    private static let suffix = ".csv.gz"
}
