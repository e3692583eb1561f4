// A TCP port of 127.0.0.1 on which no process listens: below the range that the kernel gives to
// outgoing connections, so that it stays free while a server is down. No port is given twice: a
// cluster draws a dozen before it binds the first.

import Glibc
import Synchronization

private let given = Mutex<Set<Int>>([])

/// A port that could be bound just now.
/// - Parameter end: it is below.
public func freePort(below end: Int = 32_000) throws -> Int {
    for _ in 0..<100 {
        let port = Int.random(in: 20_000..<end)
        if canBind(port), given.withLock({ $0.insert(port).inserted }) { return port }
    }
    throw TestServerError("no free port")
}

private func canBind(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
}
