// The slots of keys, compared with what a Redis server answers to CLUSTER KEYSLOT.

import Foundation
import Redis
import SharedVectors
import Testing

@Suite("Slots of keys")
struct KeySlotTests {
    /// Keys and their slots, as Redis 7.0 answers.
    private static let ownVectors: [(key: String, slot: Int)] = [
        ("", 0), ("a", 15_495), ("foo", 12_182), ("bar", 5_061), ("123456789", 12_739), ("{}", 15_257),
        ("{}x", 10_595), ("foo{}{bar}", 8_363), ("foo{{bar}}zap", 4_015), ("foo{bar}{zap}", 5_061),
        ("{user1000}.following", 3_443), ("{user1000}.followers", 3_443), ("foo{bar", 15_278),
        ("foo}bar{", 11_073), ("}{", 12_793), ("{a", 10_276), ("a}", 5_921), ("{{}}", 4_092),
        ("{a}b", 15_495), ("x{a}y{b}z", 15_495), ("{ }", 9_314), ("q:{a}{b}", 15_495), ("é", 10_180),
        ("{é}", 10_180),
    ]

    @Test("A key's slot is the server's, whatever bytes it has")
    func vectors() throws {
        let data = try SharedVectors.data("redis-key-slots.csv")
        var vectors = Self.ownVectors.map { (key: Array($0.key.utf8), slot: $0.slot) }
        if let data {
            let lines = String(decoding: data, as: UTF8.self).split(separator: "\n").dropFirst()
            vectors = try lines.map { line in
                let fields = line.split(separator: ",", omittingEmptySubsequences: false)
                let key = try #require(Data(base64Encoded: String(fields[0])))
                return (Array(key), try #require(Int(fields[1])))
            }
        }
        SharedVectors.say("slots of keys", vectors.count, shared: data != nil)
        #expect(vectors.count >= 20)
        for (key, slot) in vectors { #expect(KeySlot.of(key: key) == slot, "\(key)") }
    }

    @Test("A hash tag has the slot of the keys that have it")
    func tags() {
        for tag in ["acme", "a", "user:1@x", "plans"] {
            #expect(KeySlot.of(tag: tag.utf8) == KeySlot.of(key: "stint:{\(tag)}:log".utf8))
        }
    }
}
