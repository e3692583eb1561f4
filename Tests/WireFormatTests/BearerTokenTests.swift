// The tokens of clients: white space that is ignored, what is invalid, and that no token is shown.

import Testing
import WireFormat

@Suite("Bearer tokens")
struct BearerTokenTests {
    @Test(
        "White space behind a token does not belong to it",
        arguments: ["", "\n", "\r\n", " \t\n\n", "\u{B}\u{C}"])
    func trimmed(end: String) throws {
        let token = try BearerToken("stint_a-._~+/9Z==" + end)
        #expect(token.text == "stint_a-._~+/9Z==")
        #expect(token.field == "Bearer stint_a-._~+/9Z==")
    }

    @Test(
        "What is no token is refused, and nothing of it is repeated",
        arguments: [
            "", "\n", "=", "sec ret", " secret", "sec\nret", "secret\u{0}", "secrét", "sec=ret",
            "\u{FEFF}secret",
            "\"secret\"", "secret\u{85}", String(repeating: "secret", count: 43),
        ])
    func refused(text: String) {
        let error = #expect(throws: BearerTokenError.self) { try BearerToken(text) }
        #expect(error.map { !"\($0)\(String(reflecting: $0))".contains("sec") } == true)
    }

    @Test("A token has at most 256 bytes")
    func longest() throws {
        #expect(try BearerToken(String(repeating: "a", count: 256) + "\n").text.utf8.count == 256)
    }

    @Test("Every byte but those of the rule is refused, wherever it stands")
    func bytes() {
        let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/".utf8)
        for byte in UInt8.min...0x7F {
            let text = String(Unicode.Scalar(byte))
            let isPlain = plain.contains(byte)
            #expect(BearerToken.isToken(text + "a") == isPlain)
            #expect(BearerToken.isToken("a" + text + "a") == isPlain)
            #expect(BearerToken.isToken("a" + text) == (isPlain || text == "="))
        }
        #expect(!BearerToken.isToken("") && !BearerToken.isToken("aä"))
    }

    @Test("No description shows it")
    func hidden() throws {
        let token = try BearerToken("stint_secret")
        var dumped = ""
        dump([token], to: &dumped)
        #expect(!"\(token) \(String(reflecting: token)) \([token]) \(dumped)".contains("secret"))
    }
}
