// Which node of a cluster has which slots, as `CLUSTER SLOTS` says it. A value, without I/O.

import NIOCore

/// The primaries of a cluster and their slots.
struct SlotMap: Equatable {
    /// The most nodes that a map may have: Redis recommends 1,000 at most.
    static let maximumNodes = 1_000

    /// The primaries that have slots, each once, in the order of their first slot.
    private(set) var primaries: [RedisURL.Address] = []
    /// Their replicas, each once, at most ``maximumNodes``.
    private(set) var replicas: [RedisURL.Address] = []
    /// Of each slot the place of its primary in ``primaries``; negative: it has none.
    private var places = [Int16](repeating: -1, count: KeySlot.count)

    /// No node, no slot.
    init() {}

    /// - Parameters:
    ///   - reply: to `CLUSTER SLOTS`.
    ///   - asked: the node that replied. It stands for nodes that do not announce where they are.
    /// - Returns: nil if the reply is of another form.
    init?(_ reply: RedisReply, asked: RedisURL.Address) {
        guard case .array(let ranges) = reply else { return nil }
        for range in ranges {
            guard case .array(let parts) = range, parts.count >= 3, case .integer(let first) = parts[0],
                case .integer(let last) = parts[1], case .array(let node) = parts[2], 0 <= first,
                first <= last,
                last < KeySlot.count, let address = Self.address(node, asked: asked),
                let place = place(of: address)
            else { return nil }
            for slot in first...last { places[slot] = place }
            for part in parts.dropFirst(3) {
                guard case .array(let node) = part, let replica = Self.address(node, asked: asked),
                    replicas.count < Self.maximumNodes, !replicas.contains(replica)
                else { continue }
                replicas.append(replica)
            }
        }
    }

    /// The primary of a slot, from 0 to ``KeySlot/count`` - 1; nil: no node has it.
    subscript(slot: Int) -> RedisURL.Address? {
        let place = places[slot]
        return place < 0 ? nil : primaries[Int(place)]
    }

    /// The lowest slot that no node has; nil: each has one.
    var missingSlot: Int? { places.firstIndex { $0 < 0 } }

    /// How many slots each primary has, in the order of ``primaries``.
    var slotCounts: [Int] {
        var counts = [Int](repeating: 0, count: primaries.count)
        for place in places where place >= 0 { counts[Int(place)] += 1 }
        return counts
    }

    /// How many slots no node has.
    var missingSlotCount: Int { places.count { $0 < 0 } }

    /// A node said that another one has a slot now.
    mutating func move(_ slot: Int, to address: RedisURL.Address) {
        if let place = place(of: address) { places[slot] = place }
    }

    /// - Returns: nil if there are too many nodes.
    private mutating func place(of address: RedisURL.Address) -> Int16? {
        if let known = primaries.firstIndex(of: address) { return Int16(known) }
        guard primaries.count < Self.maximumNodes else { return nil }
        primaries.append(address)
        return Int16(primaries.count - 1)
    }

    /// - Parameter node: host, port, id, and from Redis 7 on a list of names and values.
    private static func address(_ node: [RedisReply], asked: RedisURL.Address) -> RedisURL.Address? {
        guard node.count >= 2, case .integer(let port) = node[1] else { return nil }
        var host: String?
        if case .bulk(let bytes) = node[0] { host = String(buffer: bytes) }
        // The node was to announce a host name and has none.
        if host == "?" { host = node.count > 3 ? node[3].value(of: "ip") : nil }
        return asked.other(host: host ?? "", port: port)
    }
}

extension RedisURL.Address {
    /// Another server, as this one names it.
    /// - Parameter host: empty: the host of this one.
    /// - Returns: nil if there can be no such address.
    func other(host: String, port: Int) -> RedisURL.Address? {
        guard (1...65_535).contains(port), host.utf8.count <= 255 else { return nil }
        if !host.isEmpty { return .tcp(host: host, port: port) }
        guard case .tcp(let own, _) = self else { return nil }
        return .tcp(host: own, port: port)
    }
}
