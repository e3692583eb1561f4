// Foreign pages in a real browser: none of them can send commands to a Stint on this machine,
// neither directly nor through a name that leads to loopback. Stint's own pages keep working, also
// behind a proxy.

import Foundation
import StintClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Pages of others")
    struct ForeignPageTests {
        /// Names of others, which lead to loopback as the others' name servers say.
        private static let names = ["--host-resolver-rules=MAP *.example 127.0.0.1"]

        private static func browsing<Result>(
            _ arguments: [String] = [], isolation: isolated (any Actor)? = #isolation,
            _ body: (Stint, Workplace, BrowserTab, PageServer) async throws -> Result
        ) async throws -> Result {
            try await Stint.serving(arguments) { stint, place in
                try await eventually("the process is ready", within: Workplace.timeout) {
                    try await stint.admin("/readyz").status == 200
                }
                return try await PageServer.open { pages in
                    try await Browser.open(names) { browser in
                        try await body(stint, place, BrowserTab(browser), pages)
                    }
                }
            }
        }

        /// Sends requests from the page that is there, without reading the replies.
        private static func send(_ count: Int, _ url: String, _ options: String, _ tab: BrowserTab)
            async throws
        {
            try await tab.evaluate(
                "Promise.allSettled(Array.from({length: \(count)}, () => fetch('\(url)', {\(options)})))")
        }

        @Test("A foreign page drains no account, settles nothing and changes no plan")
        func drain() async throws {
            try await Self.browsing { stint, _, tab, pages in
                let runner = "http://127.0.0.1:\(stint.runnerPort)/v1/accounts/acme"
                let admin = "http://127.0.0.1:\(stint.adminPort)/v1"
                let held = AdmitBody(id: "held", maxDurationMs: 1_000)
                #expect(try await stint.client.admit(held, account: "acme").status == 201)
                // Another site, another port of this machine, and a page of no origin at all.
                for page in [
                    "http://evil.example:\(pages.port)/", "http://127.0.0.1:\(pages.port)/",
                    "data:text/html,<p>",
                ] {
                    try await tab.go(to: page)
                    try await Self.send(60, "\(runner)/executions", "method: 'POST', mode: 'no-cors'", tab)
                    try await Self.send(
                        1, "\(runner)/executions/held/settle",
                        "method: 'POST', mode: 'no-cors', body: '{\"durationMs\":0}'", tab)
                    try await Self.send(
                        1, "\(admin)/accounts/acme/override",
                        "method: 'PUT', headers: {'Content-Type': 'application/json'}, body: '{\"amounts\":{\"executions\":1}}'",
                        tab)
                    try await Self.send(1, "\(admin)/accounts/acme/usage", "method: 'DELETE'", tab)
                    try await tab.evaluate(
                        "document.body.innerHTML = '<form method=post action=\"\(runner)/executions\"></form>';"
                            + "document.forms[0].submit()")
                    try await eventually("the form was answered", within: Browser.timeout) {
                        try await tab.evaluate("document.contentType") == "application/problem+json"
                    }
                }
                #expect(try await stint.client.used(of: "executions", by: "acme") == 1)
                #expect(try await stint.admin("/v1/accounts/acme/override").status == 404)
                try await eventually("all of them are counted as refused", within: Browser.timeout) {
                    let refused = try MetricsPage(try await stint.admin("/metrics").body)
                        .value("stint_http_responses_total", ["status": "403"])
                    // Both sites' requests and all forms; what a page of no origin fetches here
                    // Chromium may stop itself.
                    return refused ?? 0 >= 125
                }
                report("foreign pages: every admission refused, nothing charged")
            }
        }

        @Test("A name that leads here is told that it is another's, and reads and changes nothing")
        func rebound() async throws {
            try await Self.browsing { stint, _, tab, _ in
                for (port, path) in [
                    (stint.adminPort, "/v1/plans"), (stint.runnerPort, "/v1/accounts/acme/limits"),
                ] {
                    try await tab.go(to: "http://evil.example:\(port)\(path)")
                    let page = try await tab.value("document.body.innerText", as: String.self)
                    #expect(page.contains("urn:stint:problem:misdirected-request"))
                }
                try await tab.go(to: "http://evil.example:\(stint.adminPort)/")
                let statuses: [Int] = try await tab.value(
                    """
                    Promise.all([['/v1/plans', {}], ['/v1/accounts/acme/usage', {method: 'DELETE'}],
                        ['/v1/default-plan', {method: 'PUT', headers: {'Content-Type': 'application/json'},
                            body: '{"plan":"serverless"}'}]].map(([path, options]) => fetch(path, options)))
                        .then(replies => replies.map(reply => reply.status))
                    """)
                #expect(statuses == [421, 421, 421])
                report("foreign pages: a rebound name is answered 421")
            }
        }

        @Test("A link from elsewhere leads to the dashboard, which follows what happens")
        func link() async throws {
            try await Self.browsing { stint, _, tab, pages in
                try await tab.go(to: "http://evil.example:\(pages.port)/")
                try await tab.evaluate(
                    "document.body.innerHTML = '<a href=\"http://localhost:\(stint.adminPort)/\">Stint</a>';"
                        + "document.querySelector('a').click()")
                try await Self.expectLive(tab)
                #expect(tab.complaints == [])
            }
        }

        private static func expectLive(_ tab: BrowserTab) async throws {
            try await eventually("the feed has begun", within: Browser.timeout) {
                try await tab.text("#state") == "Live"
            }
        }

        @Test(
            "With tokens the dashboard works under another name, through a proxy, and a foreign page does not get in"
        )
        func proxied() async throws {
            try await Workplace.open { place in
                let file = place.file("tokens")
                let (_, output) = try await place.run(
                    ["token", "create", "--name", "ann", "--scope", "admin", "--file", file])
                guard let token = output.matches(of: /stint_[0-9a-f]{64}/).last?.output else {
                    throw Unexpected(output)
                }
                let stint = try await place.start(["--security-tokens", file])
                try await eventually("the process is ready", within: Workplace.timeout) {
                    try await stint.admin("/readyz").status == 200
                }
                try await FaultyProxy.withProxy(to: stint.adminPort) { proxy in
                    try await Browser.open(Self.names) { browser in
                        let tab = try await BrowserTab(browser)
                        // As a browser does that was told the password.
                        try await tab.send("Authorization", "Bearer \(token)")
                        try await tab.go(to: "http://stint.example:\(proxy.port)/")
                        try await Self.expectLive(tab)
                        let own: Int = try await tab.value(
                            "fetch('/v1/accounts/acme/usage', {method: 'DELETE'}).then(reply => reply.status)"
                        )
                        #expect(own == 204)
                        // A plain connection to another name than localhost is not one that this
                        // policy is for.
                        let complaints = tab.complaints.filter { !$0.contains("Cross-Origin-Opener-Policy") }
                        #expect(complaints == [])
                    }
                }
                // What proxies pass on that end TLS, or name the host that they ask.
                for (fields, status) in [
                    (["Host: stint.example", "Origin: https://stint.example"], "200"),
                    (["Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: cors"], "200"),
                    (["Host: stint.example", "Origin: https://evil.example"], "403"),
                    (["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"], "403"),
                ] {
                    let arguments = fields.flatMap { ["-H", $0] } + ["-H", "Authorization: Bearer \(token)"]
                    let url = "http://127.0.0.1:\(stint.adminPort)/v1/plans"
                    let (_, output) = try await place.outside(
                        ["curl", "-s", "-o", "/dev/null", "--write-out", "%{http_code}"] + arguments + [url])
                    #expect(output == status, "\(fields)")
                }
            }
        }
    }
}
