// The valid and invalid values of --admin.

import Testing

@testable import StintCommands

@Suite("Admin URLs")
struct AdminURLTests {
    @Test(
        "An address alone, and a URL with or without a slash, lead to the same place",
        arguments: ["127.0.0.1:7401", "http://127.0.0.1:7401", "HTTP://127.0.0.1:7401/"])
    func same(text: String) throws { #expect(try AdminURL(text).text == "http://127.0.0.1:7401") }

    @Test("IPv6 needs no scheme either")
    func six() throws { #expect(try AdminURL("[::1]:7401").text == "http://[::1]:7401") }

    @Test(
        "What is neither is refused by the name of the flag, with what to type",
        arguments: [
            "", "somewhere", "127.0.0.1:0", "127.0.0.1:74010", "127.0.0.1:+80", "http://127.0.0.1:74010",
            "http://127.0.0.1:+80", "http://127.0.0.1:7401/v1", "http://u:p@a:1", "ftp://a:1",
        ])
    func refused(text: String) {
        #expect { _ = try AdminURL(text) } throws: { error in
            let words = "\(error)"
            return words.hasPrefix("--admin, STINT_ADMIN: must be http://HOST:PORT")
                && words.contains("Type for example: --admin http://127.0.0.1:7401") && !words.contains("u:p")
        }
    }
}
