// The ways in which a primary goes: killed, stopped, cut off, and how it comes back.

import Glibc
import TestServers
import Testing

enum FailoverFault: String, Sendable, CaseIterable, CustomTestStringConvertible {
    case killed
    /// And continued when another one has its place.
    case stopped
    /// From everybody, and joined again when another one has its place.
    case cutOff = "cut off"
    /// From the other servers, but not from Stint.
    case cutOffWithStint = "cut off with Stint"

    var testDescription: String { rawValue }

    var needsNetwork: Bool { self == .cutOff || self == .cutOffWithStint }
    /// Whether Stint reaches the successor before the fault is over.
    var leavesStintThere: Bool { self != .cutOffWithStint }

    func begin(_ victim: RedisServer, on network: PrivateNetwork?) throws {
        switch self {
        case .killed: victim.kill(SIGKILL)
        case .stopped: victim.kill(SIGSTOP)
        case .cutOff: try network?.cutOff([victim.host])
        case .cutOffWithStint: try network?.cutOff([victim.host], withMachine: true)
        }
    }

    /// The former primary is there again.
    func end(_ victim: RedisServer, on network: PrivateNetwork?) async throws {
        switch self {
        case .killed: try await victim.restart()
        case .stopped: victim.kill(SIGCONT)
        case .cutOff, .cutOffWithStint: try network?.heal()
        }
    }
}
