// A TCP proxy in front of a server on loopback that misbehaves on request, as networks do: it
// delays replies, loses them, cuts them off, lets them trickle, refuses connections, or does not
// accept them.

import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// `FaultyProxy.withProxy(to: port) { proxy in ... }` is the way to have one.
public final class FaultyProxy: Sendable {
    /// What happens to replies. Requests always pass.
    public enum Mode: Sendable, Equatable {
        case pass
        /// Replies come that much later, in order.
        case delay(Duration)
        /// No further reply of this connection comes, whatever the mode is later; TCP leaves no
        /// gaps.
        case lose
        /// The connection ends after so many bytes of the next reply.
        case cut(afterBytes: Int)
        /// Replies come byte by byte, with a pause before each.
        case trickle(every: Duration)
    }

    /// A thread of its own, so that one test's work is not another's delay.
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let target: Int
    private let current = Mutex(Mode.pass)
    private let listener = Mutex<(any Channel)?>(nil)
    private let open = Mutex<[ObjectIdentifier: any Channel]>([:])
    private let clogged = Mutex<[Int32]>([])
    private let memory = Mutex(Memory())

    /// What is remembered of connections: their number, and which were forgotten.
    private struct Memory {
        var connections = 0
        /// What happens to requests on connections up to a number.
        var forgotten = (upTo: 0, mode: Mode.lose)
    }

    /// Where it listens, on 127.0.0.1.
    public let port: Int

    public var mode: Mode {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }

    public static func withProxy<Result>(
        to target: Int, isolation: isolated (any Actor)? = #isolation,
        _ body: (FaultyProxy) async throws -> Result
    ) async throws -> Result {
        let proxy = FaultyProxy(to: target, port: try freePort())
        do {
            try await proxy.accept()
            let result = try await body(proxy)
            try await proxy.stop()
            return result
        } catch {
            try await proxy.stop()
            throw error
        }
    }

    private init(to target: Int, port: Int) {
        self.target = target
        self.port = port
    }

    // MARK: Connections

    /// Takes connections, as it does from the beginning.
    public func accept() async throws {
        unclog()
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { [self] client in connect(client) }
            .bind(host: "127.0.0.1", port: port).get()
        listener.withLock { $0 = channel }
    }

    /// Ends all connections and refuses new ones.
    public func refuse() async throws {
        unclog()
        if let channel = listener.withLock({ $0.take() }) { try await channel.close() }
        for channel in open.withLock({ Array($0.values) }) { channel.close(promise: nil) }
        try await eventually("the proxy's connections are closed") { open.withLock { $0.isEmpty } }
    }

    /// Forgets the present connections, as a router does with idle ones: both ends believe them to
    /// be open, and nothing more comes through.
    /// - Parameter hangsUp: whether the next request on each of them ends it.
    public func forget(hangsUp: Bool = false) {
        memory.withLock { $0.forgotten = (upTo: $0.connections, mode: hangsUp ? .cut(afterBytes: 0) : .lose) }
    }

    /// Ends all connections and has its backlog full, so that new ones come to nothing.
    public func clog() async throws {
        try await refuse()
        let server = try stream()
        var yes: Int32 = 1
        setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard withAddress({ bind(server, $0, $1) }) == 0, listen(server, 0) == 0 else {
            throw TestServerError("cannot listen on \(port): errno \(errno)")
        }
        // The backlog takes one; those after it are left waiting.
        for _ in 0..<4 {
            let client = try stream()
            let code = withAddress { Glibc.connect(client, $0, $1) }
            guard code == 0 || errno == EINPROGRESS else {
                throw TestServerError("cannot fill: errno \(errno)")
            }
        }
    }

    private func unclog() {
        for descriptor in clogged.withLock({ $0 }) { close(descriptor) }
        clogged.withLock { $0 = [] }
    }

    private func stream() throws -> Int32 {
        let flags = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_INET, flags, 0)
        guard descriptor >= 0 else { throw TestServerError("no socket: errno \(errno)") }
        clogged.withLock { $0.append(descriptor) }
        return descriptor
    }

    private func withAddress(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private func connect(_ client: any Channel) -> EventLoopFuture<Void> {
        remember(client)
        let number = memory.withLock { memory in
            memory.connections += 1
            return memory.connections
        }
        return ClientBootstrap(group: client.eventLoop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { [self] server in
                remember(server)
                return server.eventLoop.makeCompletedFuture {
                    let relay = Relay(to: client) { [self] in isForgotten(number) ? .lose : mode }
                    try server.pipeline.syncOperations.addHandler(relay)
                }
            }
            .connect(host: "127.0.0.1", port: target)
            .flatMapThrowing { server in
                client.closeFuture.whenComplete { _ in server.close(promise: nil) }
                let relay = Relay(to: server) { [self] in
                    isForgotten(number) ? memory.withLock { $0.forgotten.mode } : .pass
                }
                try client.pipeline.syncOperations.addHandler(relay)
            }
    }

    private func isForgotten(_ number: Int) -> Bool { memory.withLock { number <= $0.forgotten.upTo } }

    private func remember(_ channel: any Channel) {
        let identity = ObjectIdentifier(channel)
        open.withLock { $0[identity] = channel }
        channel.closeFuture.whenComplete { [self] _ in open.withLock { $0[identity] = nil } }
    }

    private func stop() async throws {
        try await refuse()
        try await group.shutdownGracefully()
    }
}

/// Carries what comes in on one connection to the other, and ends that when this one ends.
private final class Relay: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let other: any Channel
    private let mode: () -> FaultyProxy.Mode
    /// Bytes that went before are delivered then.
    private var deliveredBy = NIODeadline.now()
    private var isLost = false

    init(to other: any Channel, mode: @escaping () -> FaultyProxy.Mode) {
        self.other = other
        self.mode = mode
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        guard !isLost else { return }
        switch mode() {
        case .pass: deliver(bytes, after: .zero)
        case .delay(let duration): deliver(bytes, after: TimeAmount(duration))
        case .lose: isLost = true
        case .cut(let count):
            if let first = bytes.readSlice(length: min(count, bytes.readableBytes)) {
                deliver(first, after: .zero)
            }
            isLost = true
            context.close(promise: nil)
        case .trickle(let pause):
            // A small piece at the last byte's time plus the pause, and so on.
            while let byte = bytes.readSlice(length: 1) {
                deliver(byte, after: max(.zero, deliveredBy - .now()) + TimeAmount(pause))
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// Never before what went before.
    private func deliver(_ bytes: ByteBuffer, after amount: TimeAmount) {
        let now = NIODeadline.now()
        deliveredBy = max(deliveredBy, now + amount)
        guard deliveredBy > now else {
            other.writeAndFlush(bytes, promise: nil)
            return
        }
        let other = other
        other.eventLoop.scheduleTask(deadline: deliveredBy) { other.writeAndFlush(bytes, promise: nil) }
    }
}
