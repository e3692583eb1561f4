// Which hosts a request may name, and which of them certainly mean this machine.

import Testing

@testable import Access

@Suite("Authorities")
struct AuthorityTests {
    @Test(
        "A host, maybe with a port",
        arguments: [
            ("localhost", "localhost", nil), ("LocalHost:7400", "localhost", 7_400),
            ("a.b-c_d~e:0", "a.b-c_d~e", 0),
            ("127.0.0.1:65535", "127.0.0.1", 65_535), ("[::1]", "[::1]", nil),
            ("[FE80::1%25lo]:1", "[fe80::1%25lo]", 1),
            ("h:", "h", nil), ("", "", nil), (":80", "", 80), ("%41", "%41", nil),
        ] as [(String, String, Int?)])
    func good(text: String, host: String, port: Int?) throws {
        let authority = try #require(Authority(text))
        #expect(authority.host == host && authority.port == port)
    }

    @Test(
        "What is none",
        arguments: [
            "a b", "a/b", "a?b", "a#b", "u@h", "u:p@h", "a:b", "a:1:2", "::1", "[::1", "[]", "[::1]x",
            "[::1]:x",
            "h:65536", "h:999999", "h:-1", "h: 1", "a\\b", "\"h\"", "<h>", "ä", "h\u{0}", "h,\ti",
        ])
    func bad(text: String) { #expect(Authority(text) == nil) }

    @Test(
        "This machine is named by what nobody else can be",
        arguments: [
            "localhost", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:7400", "127.255.9.0", "[::1]", "[::1]:80",
        ])
    func loopback(text: String) throws { #expect(try #require(Authority(text)).isLoopback) }

    @Test(
        "Every other name may be another's",
        arguments: [
            "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil.localhost",
            "localhost.", "",
            "0.0.0.0", "0", "127.1", "127.0.0", "127.0.0.1.", "127.0.0.256", "127.0.0.+1", "127.0.0.0001",
            "2130706433",
            "0x7f.0.0.1", "128.0.0.1", "10.0.0.1", "[::]", "[::2]", "[::ffff:127.0.0.1]",
        ])
    func elsewhere(text: String) throws { #expect(!(try #require(Authority(text)).isLoopback)) }

    private static func accepts(_ host: String, _ check: inout HostCheck) -> Bool {
        let bytes = Array(host.utf8)
        return check.accepts(bytes.span)
    }

    @Test("A connection's check remembers what was good, and lets nothing else pass for it")
    func check() {
        var check = HostCheck(takesAnyHost: false)
        #expect(!Self.accepts("", &check))
        for _ in 0..<2 {
            #expect(Self.accepts("127.0.0.1:7400", &check))
            #expect(!Self.accepts("127.0.0.1:7400.evil.example", &check))
            #expect(!Self.accepts("evil.example:74", &check))
            #expect(!Self.accepts("", &check))
            #expect(Self.accepts("localhost", &check))
        }
        var any = HostCheck(takesAnyHost: true)
        #expect(Self.accepts("stint.example", &any) && Self.accepts("", &any))
        #expect(!Self.accepts("a b", &any))
    }
}
