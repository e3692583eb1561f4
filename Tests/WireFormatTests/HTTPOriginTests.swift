// The URLs of a service, the same for every client and command.

import Testing
import WireFormat

@Suite("HTTP origins")
struct HTTPOriginTests {
    @Test(
        "Scheme, host and port are read, and written in one form",
        arguments: [
            ("http://127.0.0.1:7400", false, "127.0.0.1", 7400, "http://127.0.0.1:7400"),
            ("HTTPS://Stint.example/", true, "Stint.example", 443, "https://Stint.example:443"),
            ("http://my_host-1", false, "my_host-1", 80, "http://my_host-1:80"),
            ("http://[::1]:65535", false, "::1", 65_535, "http://[::1]:65535"),
            ("http://[::]/", false, "::", 80, "http://[::]:80"),
            ("http://[2001:db8:0:0:0:0:0:A]:1", false, "2001:db8:0:0:0:0:0:A", 1, nil),
            ("http://[::ffff:10.0.0.1]:1", false, "::ffff:10.0.0.1", 1, nil),
            ("http://[1:2:3:4:5:6:10.0.0.1]:1", false, "1:2:3:4:5:6:10.0.0.1", 1, nil),
            ("http://[1:2:3:4:5:6:7::]:00080", false, "1:2:3:4:5:6:7::", 80, nil),
        ] as [(String, Bool, String, Int, String?)])
    func read(text: String, isSecure: Bool, host: String, port: Int, url: String?) throws {
        let origin = try HTTPOrigin(text)
        #expect(origin.isSecure == isSecure && origin.host == host && origin.port == port)
        if let url { #expect(origin.url == url) }
        #expect(try HTTPOrigin(origin.url) == origin)
    }

    @Test(
        "All else is refused, and not repeated",
        arguments: [
            "", "127.0.0.1:7401", "ftp://127.0.0.1:7401", "http:/127.0.0.1", "http://", "http:///",
            "http://:7401", "http://h:", "http://h:0", "http://h:65536", "http://h:74010", "http://h:+80",
            "http://h:-1", "http://h: 80", "http://h:80 ", "http://h:٨٠", "http://h:000080", "http://h:x",
            "http://ann@h:7401", "http://ann:secret@h:7401", "http://h:1/v1", "http://h:1//", "http://h:1?a",
            "http://h:1#a", "http://h/?a", " http://h:1", "http://a b:1", "http://a\n:1", "http://a%41:1",
            "http://ä:1", "http://a|b:1", "http://::1:1", "http://[::1", "http://[::1]1", "http://[::1]x:1",
            "http://[]:1", "http://[127.0.0.1]:1", "http://[1:2]:1", "http://[::1::]:1", "http://[:::]:1",
            "http://[12345::]:1", "http://[g::]:1", "http://[1:2:3:4:5:6:7:8:9]:1",
            "http://[1:2:3:4:5:6:7:8::]:1", "http://[::1.2.3]:1", "http://[::1.2.3.256]:1",
            "http://[::1.2.3.04]:1", "http://[1.2.3.4::]:1", "http://[fe80::1%eth0]:1", "unix:/run/s.sock",
            "http://\(String(repeating: "a", count: 254)):1",
        ])
    func refused(text: String) {
        let error = #expect(throws: InvalidRequest.url) { _ = try HTTPOrigin(text) }
        #expect(error.map { !"\($0)".contains("secret") } == true)
    }

    @Test("A port is one to five digits", arguments: [("0", 0), ("1", 1), ("65535", 65_535), ("00001", 1)])
    func port(text: String, port: Int) { #expect(HTTPOrigin.port(text) == port) }
}
