// The table of URLs: the meaning of each, and the invalid ones.

import Redis
import Testing

@Suite("Redis URLs")
struct RedisURLTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let text: String
        let address: RedisURL.Address
        var tls = false
        var user: String?
        var password: String?
        var database = 0
        /// What `description` shows, where the test looks at it.
        var shown: String?

        var testDescription: String { text }
    }

    private static let longest = "/" + String(repeating: "x", count: 102)

    static let valid = [
        Row(text: "redis://host", address: .tcp(host: "host", port: 6379), shown: "redis://host:6379/0"),
        Row(text: "REDIS://host/", address: .tcp(host: "host", port: 6379)),
        Row(text: "redis://10.0.0.7:1/15", address: .tcp(host: "10.0.0.7", port: 1), database: 15),
        Row(
            text: "redis://[::1]:6380/2", address: .tcp(host: "::1", port: 6380), database: 2,
            shown: "redis://[::1]:6380/2"),
        Row(text: "redis://[fe80::1]", address: .tcp(host: "fe80::1", port: 6379)),
        Row(
            text: "rediss://cache.example:65535", address: .tcp(host: "cache.example", port: 65_535),
            tls: true,
            shown: "rediss://cache.example:65535/0"),
        Row(
            text: "redis://:secret@host", address: .tcp(host: "host", port: 6379), password: "secret",
            shown: "redis://:***@host:6379/0"),
        Row(
            text: "redis://ann:secret@host:7/0", address: .tcp(host: "host", port: 7), user: "ann",
            password: "secret", shown: "redis://ann:***@host:7/0"),
        Row(
            text: "redis://ann:a:b%2Fc%40d%25%C3%A9@host", address: .tcp(host: "host", port: 6379),
            user: "ann",
            password: "a:b/c@d%é"),
        Row(
            text: "redis://a%3Ab:p@q@host", address: .tcp(host: "host", port: 6379), user: "a:b",
            password: "p@q"),
        Row(text: "redis://:@host", address: .tcp(host: "host", port: 6379)),
        Row(
            text: "redis://h/2147483647", address: .tcp(host: "h", port: 6379), database: 2_147_483_647),
        Row(
            text: "unix:///run/redis.sock", address: .unix(path: "/run/redis.sock"),
            shown: "unix:///run/redis.sock?db=0"),
        Row(text: "unix:///a%20b/%3Fc?db=3", address: .unix(path: "/a b/?c"), database: 3),
        Row(
            text: "unix:///s?user=ann&password=p%26q%3D&db=1", address: .unix(path: "/s"), user: "ann",
            password: "p&q=", database: 1, shown: "unix:///s?db=1&user=ann&password=***"),
        Row(text: "unix:///s?password=p=q", address: .unix(path: "/s"), password: "p=q"),
        Row(text: "unix:///s?", address: .unix(path: "/s")),
        Row(text: "unix://\(longest)", address: .unix(path: longest)),
    ]

    @Test("a valid URL means what its parts say", arguments: valid)
    func accepts(_ row: Row) throws {
        let url = try RedisURL(row.text)
        #expect(url.address == row.address)
        #expect(url.usesTLS == row.tls)
        #expect(url.user == row.user)
        #expect(url.password == row.password)
        #expect(url.database == row.database)
        if let shown = row.shown { #expect(url.description == shown) }
    }

    @Test(
        "an invalid URL is refused, and the refusal repeats no secret",
        arguments: [
            "", "host", "redis:host", "redis//host", "http://host", "redis://", "redis:///3", "redis://:6379",
            "redis://host:", "redis://host:0", "redis://host:65536", "redis://host:6379x", "redis://host:+1",
            "redis://host/x", "redis://host/-1", "redis://host/1/2", "redis://host/2147483648",
            "redis://host?db=1",
            "redis://host#x", "redis://ho st", "redis://host\r\n", "redis://hunter2%@host",
            "redis://ann@host",
            "redis://:hunter2%4@host", "redis://:hunter2%zz@host", "redis://:hunter2%FF@host",
            "redis://:hunter2#@host",
            "redis://:hunter2/x@host", "redis://[::1", "redis://[::1]x", "redis://[host]", "redis://h*st",
            "redis://a,b", "redis+cluster://", "redis+cluster://a,,b", "redis+cluster://a/1",
            "redis+cluster://a?x", "redis+sentinel://a", "redis+sentinel://a/", "redis+sentinel://a/na me",
            "redis+sentinel://a/n/x",
            "redis+sentinel://\(Array(repeating: "a", count: 33).joined(separator: ","))/n",
            "rediss://", "unix://", "unix://run/x", "unix://host/run", "unix:///s?db=x",
            "unix:///s?hunter2=1",
            "unix:///s?db", "unix:///s?db=1&db=2", "unix:///s?user=ann", "unix:///a%00b",
            "unix:///\(String(repeating: "x", count: 103))",
        ])
    func refuses(_ text: String) {
        let error = #expect(throws: RedisURLError.self) { try RedisURL(text) }
        #expect(error?.description.contains("hunter2") == false)
        #expect(error?.description.contains("redis://") == true)
    }

    @Test("a cluster is some of its nodes; a primary is its name and some sentinels")
    func deployments() throws {
        for (text, deployment, addresses, database, shown) in [
            ("redis+cluster://a:1,b/", .cluster, ["a:1", "b:6379"], 0, "redis+cluster://a:1,b:6379/"),
            ("REDISS+CLUSTER://u:p@[::1]:7", .cluster, ["[::1]:7"], 0, "rediss+cluster://u:***@[::1]:7/"),
            (
                "redis+sentinel://a,b:2/mymaster", .sentinel(primary: "mymaster"), ["a:26379", "b:2"], 0,
                "redis+sentinel://a:26379,b:2/mymaster/0"
            ),
            (
                "rediss+sentinel://:p@a/m.1/3", .sentinel(primary: "m.1"), ["a:26379"], 3,
                "rediss+sentinel://:***@a:26379/m.1/3"
            ),
            ("redis://a", .single, ["a:6379"], 0, "redis://a:6379/0"),
        ] as [(String, RedisURL.Deployment, [String], Int, String)] {
            let url = try RedisURL(text)
            #expect(url.deployment == deployment && url.addresses.map(\.description) == addresses)
            #expect(url.database == database && url.description == shown)
            #expect(url.usesTLS == text.lowercased().hasPrefix("rediss"))
        }
    }

    @Test("no way of printing a URL or settings shows the password")
    func hidesPassword() throws {
        for text in ["redis://ann:hunter2@host", "unix:///s?user=ann&password=hunter2"] {
            let url = try RedisURL(text)
            var dumped = ""
            dump(RedisSettings(url: url), to: &dumped)
            for shown in ["\(url)", String(reflecting: url), "\(RedisSettings(url: url))", dumped] {
                #expect(shown.contains("***") && !shown.contains("hunter2"), "\(shown)")
            }
        }
    }
}
