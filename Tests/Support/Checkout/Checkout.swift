// Where the files of this repository are, for tests that hold them against the program.

public import Foundation

public enum Checkout {
    /// The repository that this test was built from.
    public static let root = (0..<4).reduce(into: URL(filePath: #filePath).resolvingSymlinksInPath()) {
        root, _ in root.deleteLastPathComponent()
    }

    /// - Parameter path: below ``root``.
    public static func text(of path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }
}
