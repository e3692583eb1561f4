// The file of tokens on disk: who may change it, how it is read, and how it is replaced without
// anybody ever seeing half of it. What stands in it is `Access`' business.

package import Access
import Foundation
import Glibc
import PlanText

package struct TokenFile {
    let path: String

    package init(path: String) { self.path = path }

    /// - Throws: ``StartError`` when there is no file, or one that cannot be; its description
    ///   begins with the path.
    package func read() throws -> TokenBook {
        guard let text = try text() else {
            throw StartError(
                description: "\(path): is not there. "
                    + "Type: stint token create --name NAME --scope admin --file \(path)")
        }
        return try book(text)
    }

    /// Adds an entry, and makes the file when there is none.
    package func add(_ entry: TokenBook.Entry) throws {
        try change { text in
            let book = try book(text)
            guard !book.entries.contains(where: { $0.name == entry.name }) else {
                throw StartError(
                    description:
                        "\(path): has a token called \(entry.name) already. Choose another --name, or type: "
                        + "stint token revoke --name \(entry.name) --file \(path)")
            }
            guard book.entries.count < TokenBook.maximumEntries else {
                throw StartError(
                    description:
                        "\(path): has \(TokenBook.maximumEntries) tokens. Revoke one: stint token revoke")
            }
            let start = text.isEmpty ? TokenBook.heading : text
            return (start.hasSuffix("\n") ? start : start + "\n") + entry.line
        }
    }

    /// Takes the entry of that name out; everything else stays as it stands there.
    package func remove(_ name: String) throws {
        try change { text in
            let book = try book(text)
            guard book.entries.contains(where: { $0.name == name }) else {
                throw StartError(
                    description: "\(path): has no token called \(name). Type: stint token list --file \(path)"
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

    /// - Returns: nil when there is no file.
    private func text() throws -> String? {
        // Not to wait for a writer, should it be a pipe.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("cannot be read")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("cannot be read") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw StartError(description: "\(path): is not a file")
        }
        guard status.st_mode & 0o022 == 0 else {
            throw StartError(
                description: "\(path): others may write it, and so let anybody in. Type: chmod 600 \(path)")
        }
        let bytes = try file.read(upToCount: TokenBook.maximumTextBytes + 1) ?? Data()
        guard bytes.count <= TokenBook.maximumTextBytes else {
            throw StartError(description: "\(path): has more than \(TokenBook.maximumTextBytes) bytes")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw StartError(description: "\(path): is not UTF-8")
        }
        return text.withoutByteOrderMark
    }

    /// Writes a new file beside the old one and puts it in its place. The new one's name is the
    /// lock: it can be made only once.
    private func change(_ edit: (_ text: String) throws -> String) throws {
        let new = path + ".new"
        let descriptor = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            guard errno == EEXIST else { throw failure("cannot be written") }
            throw StartError(
                description: "\(new): is there, so another stint token is at work. "
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

    /// A file that was there keeps its owner and its mode: it may be a service's that does not run
    /// as root.
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
