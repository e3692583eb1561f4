// Finds the shared conformance vectors (env var STINT_SHARED). Without them, each table has its own
// sample; standard output says which of the two ran.

public import Foundation

public enum SharedVectors {
    /// The file's bytes; nil when there are no shared vectors here. A file that should be there and
    /// is not is an error, not a reason to run the sample.
    public static func data(_ path: String) throws -> Data? {
        guard let file = file(path) else { return nil }
        return try Data(contentsOf: file)
    }

    /// What `gzip -dc` says of the file; nil when there are no shared vectors here.
    public static func unpacked(_ path: String) throws -> Data? {
        guard let file = file(path) else { return nil }
        let gzip = Process()
        let output = Pipe()
        gzip.executableURL = URL(filePath: "/usr/bin/env")
        gzip.arguments = ["gzip", "-dc", file.path(percentEncoded: false)]
        gzip.standardOutput = output
        try gzip.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        gzip.waitUntilExit()
        guard gzip.terminationStatus == 0 else { throw CocoaError(.fileReadCorruptFile) }
        return bytes
    }

    public static func say(_ what: String, _ count: Int, shared: Bool) {
        print("\(what): \(count) \(shared ? "shared vectors" : "of our own (STINT_SHARED is not set)")")
    }

    private static func file(_ path: String) -> URL? {
        ProcessInfo.processInfo.environment["STINT_SHARED"].map {
            URL(filePath: $0).appending(path: "data/vectors/" + path)
        }
    }
}
