// The file of tokens on disk: its permissions, how it is read, and how it is replaced in one step,
// so that no reader sees half of it. `Access` reads its text.

package import Access
import Foundation
import Glibc
import PlanText

package struct TokenFile {
    let path: String

    package init(path: String) { self.path = path }

    /// - Throws: ``StartError`` if the file is missing or invalid. Its description begins with the
    ///   path.
    package func read() throws -> TokenBook {
        guard let text = try text() else {
            throw StartError(
                description: "\(path): missing. "
                    + "Type: stint token create --name NAME --scope admin --file \(path)")
        }
        return try book(text)
    }

    /// Adds an entry, and creates the file if it is missing.
    package func add(_ entry: TokenBook.Entry) throws {
        try change { text in
            let book = try book(text)
            guard !book.entries.contains(where: { $0.name == entry.name }) else {
                throw StartError(
                    description:
                        "\(path): duplicate token \(entry.name). Choose another --name, or type: "
                        + "stint token revoke --name \(entry.name) --file \(path)")
            }
            guard book.entries.count < TokenBook.maximumEntries else {
                throw StartError(
                    description:
                        "\(path): has \(TokenBook.maximumEntries) tokens, the most there may be. "
                        + "Type: stint token revoke --name NAME --file \(path)")
            }
            let start = text.isEmpty ? TokenBook.heading : text
            return (start.hasSuffix("\n") ? start : start + "\n") + entry.line
        }
    }

    /// Removes the entry of that name, and leaves everything else in the file as it is.
    package func remove(_ name: String) throws {
        try change { text in
            let book = try book(text)
            guard book.entries.contains(where: { $0.name == name }) else {
                throw StartError(
                    description: "\(path): unknown token \(name). Type: stint token list --file \(path)"
                )
            }
            let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
            return lines.map { Substring($0) }.filter {
                TokenBook.fields(of: $0).first.map(String.init) != name
            }
            .joined(separator: "\n")
        }
    }

    private func book(_ text: String) throws -> TokenBook {
        do {
            return try TokenBook(text: text)
        } catch {
            throw StartError(description: "\(path):\(error)")
        }
    }

    // MARK: On disk

    /// - Returns: nil if the file is missing.
    private func text() throws -> String? {
        // O_NONBLOCK: if the path is a pipe, open must not wait for a writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("cannot be read")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("cannot be read") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw StartError(description: "\(path): invalid: not a regular file")
        }
        guard status.st_mode & 0o022 == 0 else {
            throw StartError(
                description: "\(path): others may write it, and so add tokens. Type: chmod 600 \(path)")
        }
        let bytes = try file.read(upToCount: TokenBook.maximumTextBytes + 1) ?? Data()
        guard bytes.count <= TokenBook.maximumTextBytes else {
            throw StartError(description: "\(path): invalid: more than \(TokenBook.maximumTextBytes) bytes")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw StartError(description: "\(path): invalid: not UTF-8")
        }
        return text.withoutByteOrderMark
    }

    /// Writes a new file next to the old one and renames it over the old one. The new file is also
    /// the lock, because only one process can create it.
    private func change(_ edit: (_ text: String) throws -> String) throws {
        let new = path + ".new"
        let descriptor = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            guard errno == EEXIST else { throw failure("cannot be written") }
            throw StartError(
                description: "\(new): exists, so another stint token is running. "
                    + "If none is, type: rm \(new)")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try file.write(contentsOf: Data(edit(try text() ?? "").utf8))
            try keepOwner(of: descriptor)
            guard fsync(descriptor) == 0, rename(new, path) == 0 else { throw failure("cannot be written") }
        } catch {
            unlink(new)
            throw error
        }
    }

    /// An existing file keeps its owner and its mode, because its service may not run as root.
    private func keepOwner(of descriptor: Int32) throws {
        var old = stat()
        guard stat(path, &old) == 0 else { return }
        guard
            (old.st_uid == geteuid() && old.st_gid == getegid())
                || fchown(descriptor, old.st_uid, old.st_gid) == 0,
            fchmod(descriptor, old.st_mode & 0o755) == 0
        else { throw failure("cannot keep its owner") }
    }

    private func failure(_ what: String) -> StartError {
        StartError(description: "\(path): \(what): \(String(cString: strerror(errno)))")
    }
}
