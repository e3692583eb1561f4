// What is read of INFO, by lines as servers of several versions send them.

import Testing

@testable import Redis

@Suite("INFO")
struct ServerInfoTests {
    @Test(
        "The program is named, and one that lacks commands is told",
        arguments: [
            ("redis_version:6.0.16", "Redis 6.0.16", false), ("redis_version:6.2.5", "Redis 6.2.5", true),
            ("redis_version:7.0.15", "Redis 7.0.15", true), ("redis_version:8.2.3", "Redis 8.2.3", true),
            ("redis_version:10.0.0", "Redis 10.0.0", true),
            ("redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.1.2", "Valkey 9.1.2", true),
        ])
    func program(text: String, program: String, isSupported: Bool) {
        let info = ServerInfo("# Server\r\n\(text)\r\n")
        #expect(info.program == program && info.isSupported == isSupported)
    }

    @Test("What is not there is nil, and a line without a value is no fault")
    func missing() {
        let info = ServerInfo("nonsense\r\n:\r\nused_memory:x\r\nmaxmemory:0\r\nmaxmemory:5\r\nslave0:\r\n")
        #expect(info.program == nil && info.isSupported == nil && info.memory == nil)
        #expect(info.belongsToCluster == nil && info.evictionPolicy == nil)
        #expect(info["maxmemory"] == "0", "the first counts")
        #expect(info.replicas(of: .tcp(host: "a", port: 1)).isEmpty)
    }

    @Test("Without maxmemory the machine's memory is the limit")
    func memory() {
        let machine = ServerInfo("used_memory:7\r\nmaxmemory:0\r\ntotal_system_memory:100\r\n")
        #expect(machine.memory?.used == 7 && machine.memory?.limit == 100)
        let bound = ServerInfo("used_memory:7\r\nmaxmemory:50\r\ntotal_system_memory:100\r\n")
        #expect(bound.memory?.limit == 50)
    }

    @Test("Replicas have an address, a state and a lag; damaged ones are left out")
    func replicas() {
        let info = ServerInfo(
            """
            role:master
            connected_slaves:4
            slave0:ip=10.0.0.2,port=6379,state=online,offset=90,lag=1
            slave1:ip=,port=6380,state=wait_bgsave,offset=0,lag=-1
            slave2:ip=10.0.0.4,port=70000,state=online,offset=1,lag=0
            master_repl_offset:100
            """)
        #expect(
            info.replicas(of: .tcp(host: "a", port: 1)) == [
                .init(
                    address: .tcp(host: "10.0.0.2", port: 6_379), isOnline: true, lagS: 1, lagBytes: 10),
                .init(address: .tcp(host: "a", port: 6_380), isOnline: false, lagS: 0, lagBytes: 100),
            ])
    }

    @Test("Slots are counted by primary, and those without one")
    func slots() throws {
        var map = SlotMap()
        let first = RedisURL.Address.tcp(host: "a", port: 1)
        let second = RedisURL.Address.tcp(host: "b", port: 1)
        for slot in 0..<KeySlot.count where slot != 9 { map.move(slot, to: slot < 5 ? first : second) }
        #expect(map.slotCounts == [5, KeySlot.count - 6] && map.missingSlotCount == 1)
    }
}
