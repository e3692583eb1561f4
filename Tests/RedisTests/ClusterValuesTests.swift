// What the servers of a cluster say, as values: the map of slots, redirections, and whether a
// server is of the kind that a URL names.

import NIOCore
import Testing

@testable import Redis

@Suite("What clusters say")
struct ClusterValuesTests {
    private static let asked = RedisURL.Address.tcp(host: "seed.example", port: 7_000)

    private static func text(_ text: String) -> RedisReply { .bulk(ByteBuffer(string: text)) }

    private static func node(_ host: RedisReply, _ port: Int, _ more: RedisReply...) -> RedisReply {
        .array([host, .integer(port), text("id")] + more)
    }

    private static func map(_ ranges: [RedisReply]) -> SlotMap? { SlotMap(.array(ranges), asked: asked) }

    // MARK: The map

    @Test("Every slot leads to its primary; replicas are known besides")
    func slots() throws {
        let map = try #require(
            Self.map([
                .array([
                    .integer(0), .integer(99), Self.node(Self.text("10.0.0.1"), 1),
                    Self.node(Self.text("10.0.0.9"), 9),
                ]),
                .array([.integer(200), .integer(16_383), Self.node(Self.text("::1"), 2)]),
            ]))
        #expect(map.primaries == [.tcp(host: "10.0.0.1", port: 1), .tcp(host: "::1", port: 2)])
        #expect(map.replicas == [.tcp(host: "10.0.0.9", port: 9)])
        #expect(map[0] == map[99] && map[0]?.description == "10.0.0.1:1")
        #expect(map[16_383]?.description == "[::1]:2")
        #expect(map[100] == nil && map.missingSlot == 100)
    }

    @Test("A node that does not announce where it is is at the host that was asked, or at its IP address")
    func unannounced() throws {
        let ip: RedisReply = .array([Self.text("ip"), Self.text("10.0.0.5")])
        for (node, expected) in [
            (Self.node(.null, 5), "seed.example:5"), (Self.node(Self.text(""), 5), "seed.example:5"),
            (Self.node(Self.text("?"), 5, ip), "10.0.0.5:5"),
            (Self.node(Self.text("?"), 5), "seed.example:5"),
            (Self.node(Self.text("node.example"), 5, ip), "node.example:5"),
        ] {
            let map = try #require(Self.map([.array([.integer(0), .integer(16_383), node])]))
            #expect(map[7]?.description == expected)
            #expect(map.missingSlot == nil)
        }
    }

    @Test("A slot that moved leads to its new node, known or not")
    func moved() throws {
        var map = try #require(
            Self.map([.array([.integer(0), .integer(16_383), Self.node(Self.text("a"), 1)])]))
        map.move(7, to: .tcp(host: "b", port: 2))
        #expect(map[7]?.description == "b:2" && map[8]?.description == "a:1")
        map.move(7, to: .tcp(host: "a", port: 1))
        #expect(map[7]?.description == "a:1")
    }

    @Test(
        "A reply of another form is no map",
        arguments: [
            RedisReply.null, .error("ERR This instance has cluster support disabled"), .array([.integer(1)]),
            .array([.array([.integer(0), .integer(1)])]),
            .array([
                .array([.integer(1), .integer(0), .array([.bulk(ByteBuffer(string: "a")), .integer(1)])])
            ]),
            .array([
                .array([
                    .integer(0), .integer(16_384), .array([.bulk(ByteBuffer(string: "a")), .integer(1)]),
                ])
            ]),
            .array([
                .array([.integer(-1), .integer(1), .array([.bulk(ByteBuffer(string: "a")), .integer(1)])])
            ]),
            .array([
                .array([.integer(0), .integer(1), .array([.bulk(ByteBuffer(string: "a")), .integer(0)])])
            ]),
            .array([.array([.integer(0), .integer(1), .array([.integer(1), .integer(70_000)])])]),
        ])
    func malformed(_ reply: RedisReply) {
        #expect(SlotMap(reply, asked: Self.asked) == nil)
    }

    // MARK: Redirections

    @Test("An error says where the key is, or that it is there soon")
    func redirections() {
        for (error, expected) in [
            ("MOVED 3999 127.0.0.1:6381", .moved(slot: 3_999, .tcp(host: "127.0.0.1", port: 6_381))),
            ("MOVED 3999 ::1:6381", .moved(slot: 3_999, .tcp(host: "::1", port: 6_381))),
            ("MOVED 3999 :6381", .moved(slot: 3_999, .tcp(host: "seed.example", port: 6_381))),
            ("ASK 0 node.example:1", .ask(.tcp(host: "node.example", port: 1))),
            ("TRYAGAIN Multiple keys request during rehashing of slot", .wait),
            ("CLUSTERDOWN The cluster is down", .wait), ("LOADING Redis is loading", .wait),
            ("MASTERDOWN Link with MASTER is down", .wait),
            ("READONLY You can't write against a read only replica.", .demoted),
            ("MOVED 16384 a:1", nil), ("MOVED x a:1", nil), ("MOVED 1 a", nil), ("MOVED 1 a:0", nil),
            ("MOVED 1 a:99999", nil), ("ASK", nil), ("OOM command not allowed", nil),
        ] as [(String, Redirection?)] {
            #expect(Redirection(ErrorReply(error), asked: Self.asked) == expected, "\(error)")
        }
    }

    // MARK: The kind of server

    @Test("A server of another kind is refused with the URL to type; one that cannot say is not")
    func kinds() throws {
        let url = try RedisURL("redis://127.0.0.1:7000")
        let tls = try RedisURL("rediss+cluster://127.0.0.1:7000")
        func role(_ parts: String...) -> RedisReply {
            .array([Self.text(parts[0])] + (parts.count > 1 ? [Self.text(parts[1]), .integer(7_001)] : []))
        }
        let inCluster = Self.text("# Cluster\r\ncluster_enabled:1\r\n")
        let alone = Self.text("# Cluster\r\ncluster_enabled:0\r\n")
        for (check, step, reply, url, expected) in [
            (.standalone, .cluster, alone, url, nil), (.standalone, .role, role("master"), url, nil),
            (
                .standalone, .cluster, inCluster, url,
                "it is a node of a cluster. Type: --redis-url redis+cluster://127.0.0.1:7000/"
            ),
            (
                .standalone, .role, role("slave", "10.0.0.1"), url,
                "it is a replica of 10.0.0.1:7001. Type: --redis-url redis://10.0.0.1:7001/"
            ),
            (
                .clusterNode, .cluster, alone, tls,
                "it is not a node of a cluster. Type: --redis-url rediss://127.0.0.1:7000/"
            ),
            (.clusterNode, .cluster, inCluster, tls, nil),
            (.primary, .role, role("slave", "10.0.0.1"), url, "it is not a primary (ROLE says slave)"),
            (.primary, .role, role("master"), url, nil),
            (
                .primary, .role, .error("NOPERM User u has no permissions to run the 'role' command"), url,
                "whether it is the primary cannot be checked. Type: ACL SETUSER default +role"
            ),
            (.standalone, .role, .error("NOPERM no"), url, nil),
            (.standalone, .cluster, .error("LOADING"), url, nil),
        ] as [(ServerCheck, ServerCheck.Step, RedisReply, RedisURL, String?)] {
            #expect(check.complaint(about: reply, to: step, at: url) == expected)
        }
        #expect(ServerCheck.none.steps.isEmpty)
    }
}
