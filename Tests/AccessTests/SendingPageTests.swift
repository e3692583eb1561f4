// Which page a request comes from, by the fields that browsers send.

import Testing

@testable import Access

@Suite("Sending pages")
struct SendingPageTests {
    struct Row: Sendable {
        var host: String? = "127.0.0.1:7401"
        var origin: String?
        var site: String?
        var mode: String? = "cors"
        var destination: String?
        var isSecure = false
        var isSafe = false
        let isForeign: Bool

        var page: SendingPage {
            var page = SendingPage()
            if let origin { page.origin = origin }
            if let site { page.site = site }
            page.mode = mode
            page.destination = destination
            return page
        }
    }

    static let rows: [Row] = [
        // No browser.
        Row(isForeign: false), Row(host: nil, isForeign: false),
        Row(mode: nil, isSafe: true, isForeign: false),
        // The page's own origin, as it is and behind a proxy that ends TLS.
        Row(origin: "http://127.0.0.1:7401", site: "same-origin", isForeign: false),
        Row(host: "Stint.example", origin: "https://stint.example", isForeign: false),
        Row(host: "stint.example", origin: "http://stint.example:80", isForeign: false),
        Row(host: "stint.example:443", origin: "https://stint.example", isForeign: false),
        Row(host: "[::1]:7401", origin: "http://[::1]:7401", isForeign: false),
        Row(origin: "https://127.0.0.1:7401", isSecure: true, isForeign: false),
        // Another's: by name, port, scheme, or of nobody.
        Row(origin: "https://evil.example", isForeign: true), Row(origin: "null", isForeign: true),
        Row(origin: "http://127.0.0.1:3000", site: "same-site", isForeign: true),
        Row(origin: "http://127.0.0.1", isForeign: true),
        Row(origin: "http://localhost:7401", isForeign: true),
        Row(origin: "http://127.0.0.1:7401.evil.example", isForeign: true),
        Row(origin: "http://127.0.0.1:7401", isSecure: true, isForeign: true),
        Row(host: "stint.example", origin: "http://stint.example:443", isForeign: true),
        Row(host: nil, origin: "http://127.0.0.1:7401", isForeign: true),
        Row(origin: "", isForeign: true), Row(origin: "chrome-extension://abc", isForeign: true),
        Row(origin: "http://127.0.0.1:7401 http://evil.example", isForeign: true),
        // What else browsers say, with and without an origin.
        Row(site: "same-origin", isForeign: false), Row(site: "none", mode: "navigate", isForeign: false),
        Row(site: "cross-site", isForeign: true), Row(site: "same-site", isForeign: true),
        Row(site: "cross-site", isSafe: true, isForeign: true), Row(site: "nonsense", isForeign: true),
        Row(site: "cross-site", mode: "no-cors", isSafe: true, isForeign: true),
        Row(origin: "http://127.0.0.1:7401", site: "cross-site", isForeign: true),
        // A link that a person follows, and a form that changes something.
        Row(site: "cross-site", mode: "navigate", isSafe: true, isForeign: false),
        Row(site: "cross-site", mode: "navigate", destination: "document", isSafe: true, isForeign: false),
        Row(site: "cross-site", mode: "navigate", isForeign: true),
        Row(site: "cross-site", mode: "navigate", destination: "document", isForeign: true),
        // What is shown in a page of another origin.
        Row(site: "cross-site", mode: "navigate", destination: "iframe", isSafe: true, isForeign: true),
        Row(site: "same-site", mode: "navigate", destination: "frame", isSafe: true, isForeign: true),
        Row(site: "cross-site", mode: "navigate", destination: "object", isSafe: true, isForeign: true),
        Row(site: "cross-site", mode: "navigate", destination: "", isSafe: true, isForeign: true),
        Row(
            site: "same-origin", mode: "navigate", destination: "iframe", isSafe: true, isForeign: false),
        Row(origin: "null", site: "cross-site", mode: "navigate", isSafe: true, isForeign: true),
    ]

    @Test("A request is foreign unless it comes from a page of the same origin", arguments: rows)
    func foreign(_ row: Row) {
        let host = row.host.flatMap { Authority($0) }
        #expect(row.page.isForeign(to: host, isSecure: row.isSecure, isSafe: row.isSafe) == row.isForeign)
    }

    @Test("A field that is there twice is nobody's")
    func duplicates() {
        let host = Authority("h")
        var page = SendingPage()
        page.origin = "http://h"
        #expect(!page.isForeign(to: host, isSecure: false, isSafe: false))
        page.origin = "http://h"
        #expect(page.isForeign(to: host, isSecure: false, isSafe: false))
        page = SendingPage()
        page.site = "same-origin"
        #expect(!page.isForeign(to: host, isSecure: false, isSafe: false))
        page.site = "same-origin"
        #expect(page.isForeign(to: host, isSecure: false, isSafe: false))
        for field in [\SendingPage.mode, \.destination] {
            page = SendingPage()
            page.site = "cross-site"
            page.mode = "navigate"
            page.destination = "document"
            #expect(!page.isForeign(to: host, isSecure: false, isSafe: true))
            page[keyPath: field] = field == \.mode ? "navigate" : "document"
            #expect(page.isForeign(to: host, isSecure: false, isSafe: true))
        }
    }
}
