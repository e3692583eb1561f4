// Reads the files of plans and settings. Users name them, so the reading is bounded.

package import Foundation

package enum YAMLFile {
    /// - Throws: ``YAMLError`` if the file is too long or not UTF-8; Foundation's error if it
    ///   cannot be read.
    package static func text(at path: String) throws -> String {
        let file = try FileHandle(forReadingFrom: URL(filePath: path))
        let text = try text(from: file, named: path)
        try file.close()
        return text
    }

    /// - Parameter name: the file's name, for messages.
    package static func text(from file: FileHandle, named name: String) throws -> String {
        let bytes = try file.read(upToCount: YAMLValue.maximumBytes + 1) ?? Data()
        guard bytes.count <= YAMLValue.maximumBytes else { throw YAMLError.tooLong(name) }
        guard !bytes.starts(with: [0xFF, 0xFE]), !bytes.starts(with: [0xFE, 0xFF]) else {
            throw YAMLError(
                file: name, line: 1, column: 1, reason: "the file is UTF-16. Save it as UTF-8")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            let good = lines.prefix { String(validating: $0, as: UTF8.self) != nil }
            throw YAMLError(file: name, line: good.count + 1, column: 1, reason: "the line is not UTF-8")
        }
        return text.withoutByteOrderMark
    }
}

extension String {
    /// The text without U+FEFF at its start, with which some editors mark UTF-8.
    package var withoutByteOrderMark: String {
        unicodeScalars.first == "\u{FEFF}" ? String(unicodeScalars.dropFirst()) : self
    }
}
