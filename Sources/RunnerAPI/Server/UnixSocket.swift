// The Unix socket's file: replaced if no process listens on it, left alone if one does. NIO removes
// it when the listener closes.

import NIOCore
import NIOPosix

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

struct UnixSocket {
    let path: String

    /// Read and write for the owner and the group.
    static let mode: mode_t = 0o660

    /// - Throws: ``RunnerError``
    func listen(with bootstrap: ServerBootstrap, group: any EventLoopGroup) async throws -> any Channel {
        if try await isAlive(group: group) { throw RunnerError.socketInUse(path: path) }
        let listener: any Channel
        do {
            listener = try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true)
                .get()
        } catch is UnixDomainSocketPathWrongType {
            throw RunnerError.notASocket(path: path)
        } catch {
            throw RunnerError.cannotListen(at: path, reason: "\(error)")
        }
        guard chmod(path, Self.mode) == 0 else {
            let reason = "chmod: \(String(cString: strerror(errno)))"
            try await listener.close()
            throw RunnerError.cannotListen(at: path, reason: reason)
        }
        return listener
    }

    /// Whether a process listens. Only "connection refused" and "no such file" mean that none does.
    private func isAlive(group: any EventLoopGroup) async throws -> Bool {
        do {
            let probe = try await ClientBootstrap(group: group).connect(unixDomainSocketPath: path).get()
            try await probe.close()
            return true
        } catch let error as IOError where error.errnoCode == ECONNREFUSED || error.errnoCode == ENOENT {
            return false
        } catch {
            throw RunnerError.cannotListen(at: path, reason: "\(error)")
        }
    }
}
