// The answer of CLUSTER NODES: what one node knows of itself and of the others.

struct ClusterView: Equatable {
    struct Node: Equatable {
        let id: String
        /// `127.0.0.1:20001@20002,localhost`
        let address: String
        let flags: Set<Substring>
        /// The id of the primary that it is a replica of.
        let primary: String?
        let configEpoch: Int
        let isConnected: Bool
        let slots: [ClosedRange<Int>]

        func holds(_ slot: Int) -> Bool { slots.contains { $0.contains(slot) } }
    }

    let nodes: [Node]

    init(_ text: String) throws {
        nodes = try text.split(separator: "\n").map { line in
            let words = line.split(separator: " ")
            guard words.count >= 8, let epoch = Int(words[6]) else {
                throw TestServerError("no line of CLUSTER NODES: \(line)")
            }
            return Node(
                id: String(words[0]), address: String(words[1]),
                flags: Set(words[2].split(separator: ",")),
                primary: words[3] == "-" ? nil : String(words[3]), configEpoch: epoch,
                isConnected: words[7] == "connected", slots: words.dropFirst(8).compactMap(Self.slots))
        }
    }

    var myself: Node? { nodes.first { $0.flags.contains("myself") } }

    /// What every node must agree on: who is whose replica, and who has which slots.
    var roles: [String] {
        nodes.map { "\($0.id) \($0.primary ?? "-") \($0.slots)" }.sorted()
    }

    /// `7` or `0-5460`; nil for a slot on its way, such as `[7->-id]`.
    private static func slots(_ text: Substring) -> ClosedRange<Int>? {
        let ends = text.split(separator: "-").compactMap { Int($0) }
        guard let first = ends.first, let last = ends.last, !text.hasPrefix("[") else { return nil }
        return first...last
    }
}
