// Keeps a command from overwriting its own input.

import Foundation

/// Whether two paths lead to the same file.
func isSameFile(_ one: String, _ other: String) -> Bool {
    URL(filePath: one).resolvingSymlinksInPath() == URL(filePath: other).resolvingSymlinksInPath()
}
