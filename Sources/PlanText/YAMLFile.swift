// Plans and settings come from files that somebody names: whatever is there, only so much of it is read.

import Foundation

package enum YAMLFile {
    /// - Throws: ``YAMLError`` when the file is too long or no UTF-8; what Foundation says when it cannot be read.
    package static func text(at path: String) throws -> String {
        let file = try FileHandle(forReadingFrom: URL(filePath: path))
        let bytes = try file.read(upToCount: YAMLValue.maximumBytes + 1) ?? Data()
        try file.close()
        guard bytes.count <= YAMLValue.maximumBytes else { throw YAMLError.tooLong(path) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            let good = lines.prefix { String(validating: $0, as: UTF8.self) != nil }
            throw YAMLError(file: path, line: good.count + 1, column: 1, reason: "the line is not UTF-8")
        }
        return text
    }
}
