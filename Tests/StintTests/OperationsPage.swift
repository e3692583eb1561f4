// The page of the documentation that tests hold against the program.

import Foundation

enum OperationsPage {
    /// The text of docs/OPERATIONS.md.
    static func text() throws -> String {
        let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: "docs/OPERATIONS.md"), encoding: .utf8)
    }
}
