// Every error that needs neither a plan nor a ledger, to the byte, and whether the connection stays
// open.

import Accounting
import Testing

@testable import RunnerAPI

@Suite("Every rejection, to the byte")
struct RequestErrorTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let request: String
        let reply: String
        let closes: Bool

        /// - Parameter problem: type, title, detail, and further members.
        init(
            _ description: String, _ request: String, _ status: String, fields: [String] = [],
            closes: Bool = false,
            _ problem: (String, String, String), more: String = "", isHead: Bool = false
        ) {
            testDescription = description
            self.request = request
            self.closes = closes
            let (type, title, detail) = problem
            let body =
                #"{"type":"urn:stint:problem:\#(type)","title":"\#(title)","status":\#(status.prefix(3)),"#
                + #""detail":"\#(detail)"\#(more)}"#
            reply = EmbeddedClient.reply(
                status, fields + (closes ? ["Connection: close"] : []), body, isHead: isHead)
        }
    }

    private static let unknownRoute = (
        "unknown-route", "Unknown Route",
        "unknown path; see /v1/accounts/{account}/executions"
    )
    private static let notJSON = (
        "unsupported-media-type", "Unsupported Media Type",
        "Content-Type must be application/json, without Content-Encoding"
    )
    private static let tooLarge = ("body-too-large", "Body Too Large", "the body must be at most 16384 bytes")
    private static let badAccount = (
        "malformed-account", "Malformed Account Name",
        "the account in the path must be 1 to 128 bytes of A-Z a-z 0-9 . _ : @ -"
    )
    private static let badEscape = (
        "malformed-request", "Malformed Request", "a % in the path must be followed by two hexadecimal digits"
    )

    static let rows: [Row] = [
        Row("no such path", EmbeddedClient.get("/v1/accounts"), "404 Not Found", unknownRoute),
        Row("the root", EmbeddedClient.get("/"), "404 Not Found", unknownRoute),
        Row("asterisk", EmbeddedClient.get("*", method: "OPTIONS"), "404 Not Found", unknownRoute),
        Row("too deep", EmbeddedClient.get("/v1/accounts/a/limits/x"), "404 Not Found", unknownRoute),
        Row(
            "a slash too many", EmbeddedClient.post("/v1/accounts/a/executions/"), "404 Not Found",
            unknownRoute),
        Row(
            "settle of what", EmbeddedClient.post("/v1/accounts/a/executions/settle"), "404 Not Found",
            unknownRoute),
        Row(
            "HEAD of no path has no body", EmbeddedClient.get("/nope", method: "HEAD"), "404 Not Found",
            unknownRoute,
            isHead: true),
        Row(
            "GET of executions", EmbeddedClient.get("/v1/accounts/a/executions"), "405 Method Not Allowed",
            fields: ["Allow: POST"],
            ("method-not-allowed", "Method Not Allowed", "this path accepts only POST")),
        Row(
            "DELETE of limits", EmbeddedClient.get("/v1/accounts/a/limits", method: "DELETE"),
            "405 Method Not Allowed", fields: ["Allow: GET, HEAD"],
            ("method-not-allowed", "Method Not Allowed", "this path accepts only GET, HEAD")),
        Row(
            "HEAD of executions has no body", EmbeddedClient.get("/v1/accounts/a/executions", method: "HEAD"),
            "405 Method Not Allowed", fields: ["Allow: POST"],
            ("method-not-allowed", "Method Not Allowed", "this path accepts only POST"), isHead: true),
        Row("no account", EmbeddedClient.get("/v1/accounts//limits"), "400 Bad Request", badAccount),
        Row(
            "an account with a blank", EmbeddedClient.get("/v1/accounts/a%20b/limits"), "400 Bad Request",
            badAccount),
        Row(
            "an account with a slash", EmbeddedClient.get("/v1/accounts/a%2Fb/limits"), "400 Bad Request",
            badAccount),
        Row(
            "an account with a NUL", EmbeddedClient.get("/v1/accounts/a%00/limits"), "400 Bad Request",
            badAccount),
        Row(
            "an account in UTF-8", EmbeddedClient.get("/v1/accounts/%C3%A4/limits"), "400 Bad Request",
            badAccount),
        Row(
            "a long account", EmbeddedClient.get("/v1/accounts/\(String(repeating: "a", count: 129))/limits"),
            "400 Bad Request", badAccount),
        Row("half an escape", EmbeddedClient.get("/v1/accounts/a%4/limits"), "400 Bad Request", badEscape),
        Row("no escape", EmbeddedClient.get("/v1/accounts/%zz/limits"), "400 Bad Request", badEscape),
        Row(
            "an id that is none", EmbeddedClient.post("/v1/accounts/a/executions/b:c/settle", "{}"),
            "400 Bad Request",
            (
                "malformed-field", "Malformed Field",
                "the id in the path must be 1 to 64 bytes of A-Z a-z 0-9 . _ -"
            ),
            more: #","field":"id""#),
        Row(
            "no type",
            "POST /v1/accounts/a/executions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}",
            "415 Unsupported Media Type", notJSON),
        Row(
            "another type",
            EmbeddedClient.post("/v1/accounts/a/executions", "{}")
                .replacing("application/json", with: "application/jsonp"), "415 Unsupported Media Type",
            notJSON),
        Row(
            "a type for chunks",
            "POST /v1/accounts/a/executions HTTP/1.1\r\nHost: localhost\r\n"
                + "Transfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            "415 Unsupported Media Type", notJSON),
        Row(
            "a coded body",
            EmbeddedClient.post("/v1/accounts/a/executions", "{}", fields: "Content-Encoding: gzip\r\n"),
            "415 Unsupported Media Type", notJSON),
        Row(
            "a body that is announced too large",
            "POST /v1/accounts/a/executions HTTP/1.1\r\nHost: localhost\r\n"
                + "Content-Type: application/json\r\nContent-Length: 16385\r\n\r\n{",
            "413 Content Too Large", closes: true, tooLarge),
        Row(
            "chunks that are too large together",
            "POST /v1/accounts/a/executions HTTP/1.1\r\nHost: localhost\r\n"
                + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "2000\r\n\(String(repeating: " ", count: 0x2000))\r\n2000\r\n\(String(repeating: " ", count: 0x2000))"
                + "\r\n1\r\n ", "413 Content Too Large", closes: true, tooLarge),
        Row(
            "another expectation",
            EmbeddedClient.post("/v1/accounts/a/executions", "{}", fields: "Expect: a pony\r\n"),
            "417 Expectation Failed", closes: true,
            ("expectation-failed", "Expectation Failed", "Expect must be 100-continue")),
        Row(
            "a large field",
            EmbeddedClient.get("/x", fields: "X: \(String(repeating: "x", count: 16_384))\r\n"),
            "431 Request Header Fields Too Large", closes: true, tooLargeHead),
        Row(
            "a large target", EmbeddedClient.get("/\(String(repeating: "x", count: 16_384))"),
            "431 Request Header Fields Too Large", closes: true, tooLargeHead),
        Row(
            "many fields", EmbeddedClient.get("/x", fields: String(repeating: "X: y\r\n", count: 100)),
            "431 Request Header Fields Too Large", closes: true, tooLargeHead),
        Row(
            "a field of blanks",
            EmbeddedClient.get("/x", fields: "X: \(String(repeating: " ", count: 65_536))"),
            "431 Request Header Fields Too Large", closes: true, tooLargeHead),
        Row(
            "HTTP/2.0", "GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", "505 HTTP Version Not Supported",
            closes: true,
            (
                "version-not-supported", "HTTP Version Not Supported",
                "the protocol must be HTTP/1.1 or HTTP/1.0"
            )),
        Row(
            "malformed JSON", EmbeddedClient.admit("{]"), "400 Bad Request",
            ("malformed-json", "Malformed JSON", "expected a member name in double quotes at byte 1")),
        Row(
            "a malformed field", EmbeddedClient.settle("x", #"{"durationMs":-1}"#), "400 Bad Request",
            (
                "malformed-field", "Malformed Field",
                "durationMs must be an integer from 0 to 2678400000 (ms), found -1"
            ), more: #","field":"durationMs""#),
        Row(
            "no duration to settle", EmbeddedClient.settle("x", ""), "400 Bad Request",
            (
                "malformed-field", "Malformed Field",
                "durationMs must be an integer from 0 to 2678400000 (ms), found nothing"
            ), more: #","field":"durationMs""#),
    ]

    private static let tooLargeHead = (
        "headers-too-large", "Headers Too Large",
        "the request line and header fields must be at most 16384 bytes and 100 fields"
    )

    @Test("An error is a problem of its own type, and says what to do", arguments: rows)
    func rejected(_ row: Row) throws {
        let client = try EmbeddedClient(isScripted: true)
        #expect(try client.ask(row.request) == row.reply)
        #expect(client.scripted.waiting.isEmpty)
        #expect(client.isOpen == !row.closes)
    }

    @Test(
        "After an error that leaves the connection open, the next request is answered",
        arguments: rows.filter { !$0.closes })
    func recovers(_ row: Row) throws {
        let client = try EmbeddedClient()
        #expect(
            try client.ask(row.request + EmbeddedClient.peek).dropFirst(row.reply.count).hasPrefix(
                "HTTP/1.1 200 "))
    }

    @Test("After an error that closes, nothing that follows is looked at", arguments: rows.filter(\.closes))
    func closes(_ row: Row) throws {
        let client = try EmbeddedClient(isScripted: true)
        #expect(try client.ask(row.request + EmbeddedClient.admit()) == row.reply)
        #expect(client.scripted.waiting.isEmpty)
    }
}
