// A network of one test's own: each place on it is a network namespace with an address, and some
// places can be cut off from the others and joined to them again, as if a cable was pulled. Only
// root can make one. All of it, also the machine's interface to it, is gone when the processes in
// it have ended, and they end with the tests.

import Foundation
import Glibc
import Synchronization

/// A private network. `PrivateNetwork.withNetwork { network in ... }` is the way to have one.
public final class PrivateNetwork: Sendable {
    /// A network namespace, kept by a process that does nothing. A server started in it has its
    /// ports there; its files and Unix sockets are as usual.
    public struct Place: Sendable {
        public let address: String
        fileprivate let bridgePort: String
        fileprivate let holder: ChildProcess

        /// What goes before a command that runs there.
        var entering: [String] { PrivateNetwork.entering(holder) }
    }

    /// Whether networks can be made here.
    public static var isPossible: Bool { geteuid() == 0 }
    public static let reasonWhenNot = "only root can make a network to cut servers off"

    /// The two sides: bridges in a namespace of their own, not connected with each other.
    private static let (main, aside) = ("main", "aside")

    private let directory: TemporaryDirectory
    private let subnet: String
    /// Keeps the namespace of the bridges.
    private let hub: ChildProcess
    private let places = Mutex<[Place]>([])
    /// The bridge port of this machine, and its interface.
    private static let machinePort = "machine"
    private let interface: String

    /// The address of this machine, where the tests and Stint are.
    public var address: String { "\(subnet).1" }

    public static func withNetwork<Result>(
        isolation: isolated (any Actor)? = #isolation, _ body: (PrivateNetwork) async throws -> Result
    ) async throws -> Result {
        let network = try PrivateNetwork()
        defer { network.stop() }
        return try await body(network)
    }

    private init() throws {
        directory = try TemporaryDirectory()
        let tag = UInt32.random(in: 0...UInt32.max)
        // Set aside for measurements between networks (RFC 2544), so nobody is reached by them.
        subnet = "198.18.\(tag % 256)"
        interface = "st\(String(tag, radix: 16))"
        hub = try Self.holder(log: directory.file("hub.log"))
        do {
            try Self.waitUntilApart(hub)
            try run(
                [
                    "link set lo up", "link add \(Self.main) type bridge",
                    "link add \(Self.aside) type bridge",
                    "link set \(Self.main) up", "link set \(Self.aside) up",
                ], in: hub)
            try run(["link add \(interface) type veth peer name \(Self.machinePort) netns \(hub.pid)"])
            try run(["addr add \(subnet).1/24 dev \(interface)", "link set \(interface) up"])
            try run(["link set \(Self.machinePort) master \(Self.main) up"], in: hub)
        } catch {
            stop()
            throw error
        }
    }

    private func stop() {
        for place in places.withLock({ $0 }) { place.holder.stop() }
        hub.stop()
        directory.remove()
    }

    /// Makes one more place.
    func join() throws -> Place {
        let number = places.withLock { $0.count } + 10
        let holder = try Self.holder(log: directory.file("place-\(number).log"))
        let place = Place(address: "\(subnet).\(number)", bridgePort: "port\(number)", holder: holder)
        places.withLock { $0.append(place) }
        try Self.waitUntilApart(holder)
        try run(
            [
                "link add \(place.bridgePort) type veth peer name eth0 netns \(holder.pid)",
                "link set \(place.bridgePort) master \(Self.main) up",
            ], in: hub)
        try run(
            ["link set lo up", "addr add \(place.address)/24 dev eth0", "link set eth0 up"], in: holder)
        return place
    }

    /// Cuts the servers with these addresses off from the others, and this machine with them or
    /// not. What is on its way is lost; nobody is told.
    public func cutOff(_ addresses: [String], withMachine: Bool = false) throws {
        try move(addresses, withMachine: withMachine, to: Self.aside)
    }

    /// Everybody reaches everybody again.
    public func heal() throws {
        try move(places.withLock { $0.map(\.address) }, withMachine: true, to: Self.main)
    }

    private func move(_ addresses: [String], withMachine: Bool, to bridge: String) throws {
        let moved = places.withLock { $0.filter { addresses.contains($0.address) } }.map(\.bridgePort)
        let ports = (withMachine ? [Self.machinePort] : []) + moved
        try run(ports.map { "link set \($0) master \(bridge)" }, in: hub)
    }

    // MARK: Namespaces

    private static func holder(log: String) throws -> ChildProcess {
        try ChildProcess(["unshare", "--net", "sleep", "infinity"], log: log)
    }

    private static func entering(_ holder: ChildProcess) -> [String] {
        ["nsenter", "--net=/proc/\(holder.pid)/ns/net"]
    }

    /// Whether a holder has its namespace, and not ours any more.
    private static func isApart(_ holder: ChildProcess) throws -> Bool {
        guard holder.isRunning else { throw TestServerError("no network namespace can be made") }
        let names = ["self", "\(holder.pid)"].map {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\($0)/ns/net")
        }
        return names[1] != nil && names[0] != names[1]
    }

    private static func waitUntilApart(_ holder: ChildProcess) throws {
        let end = ContinuousClock.now + .seconds(10)
        while try !isApart(holder) {
            guard ContinuousClock.now < end else { throw TestServerError("no network namespace within 10 s") }
            usleep(1_000)
        }
    }

    /// Runs lines of `ip`, one after the other, here or in a namespace.
    private func run(_ lines: [String], in holder: ChildProcess? = nil) throws {
        let file = "ip-\(UInt32.random(in: 0...UInt32.max))"
        try directory.write(lines.joined(separator: "\n") + "\n", to: file)
        try ChildProcess.run(
            (holder.map(Self.entering) ?? []) + ["ip", "-batch", directory.file(file)],
            log: directory.file("ip.log"))
    }
}
