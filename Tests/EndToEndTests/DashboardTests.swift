// The dashboard in a real browser: it shows the data of the API, updates without a reload, logs no
// error, and works on a narrow screen, in the dark and without a mouse.

import Accounting
import Foundation
import StintClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Dashboard")
    struct DashboardTests {
        /// Gives `body` a running Stint and a tab of a browser.
        private static func browsing<Result>(
            _ arguments: [String] = [], isolation: isolated (any Actor)? = #isolation,
            _ body: (Stint, BrowserTab) async throws -> Result
        ) async throws -> Result {
            try await Stint.serving(arguments) { stint, _ in
                try await eventually("the process is ready", within: Workplace.timeout) {
                    try await stint.admin("/readyz").status == 200
                }
                return try await Browser.open { browser in
                    try await body(stint, BrowserTab(browser))
                }
            }
        }

        private static func url(_ stint: Stint, _ path: String = "/") -> String {
            "http://127.0.0.1:\(stint.adminPort)\(path)"
        }

        /// Executions that are settled, but the last `running`.
        static func run(
            _ count: Int, _ account: String, running: Int = 0, function: String = "thumbnails/resize",
            tag: String = "run", _ client: RunnerClient
        ) async throws {
            for number in 0..<count {
                let id = "\(tag)-\(number)"
                let ask = AdmitBody(id: id, function: function, maxDurationMs: 2_000)
                #expect(try await client.admit(ask, account: account).status == 201)
                if number >= count - running { continue }
                let ending = SettleBody(durationMs: 100 + number, outcome: number % 5 == 0 ? .error : .ok)
                #expect(try await client.settle(id, ending, account: account).status == 200)
            }
        }

        private static func state(_ account: String, _ stint: Stint) async throws -> AccountBody {
            let reply = try await stint.admin("/v1/accounts/\(account)")
            return try JSONDecoder().decode(AccountBody.self, from: Data(reply.body.utf8))
        }

        @Test("The overview shows what is counted, and follows it without being loaded again")
        func overview() async throws {
            try await Self.browsing { stint, tab in
                try await Self.run(7, "acme", stint.client)
                try await tab.go(to: Self.url(stint))
                #expect(try await tab.text("h1") == "Overview")
                #expect(try await tab.text("#total-admitted") == "7 since start")
                try await tab.evaluate("window.isSame = true")
                try await eventually("the feed has begun", within: Browser.timeout) {
                    [try await tab.text("#state"), try await tab.text("[data-live=admitted]")] == [
                        "Live", "0",
                    ]
                }
                var most = 0
                try await eventually("the numbers follow", within: Browser.timeout) {
                    try await Self.run(
                        5, "acme", tag: "more-\(most)-\(UInt64.random(in: 0...UInt64.max))", stint.client)
                    most = max(most, Int(try await tab.text("[data-live=admitted]")) ?? 0)
                    return most > 0
                }
                let admitted = try MetricsPage(try await stint.admin("/metrics").body)
                    .value("stint_decisions_total", ["verdict": "admitted"])
                let total = "\(Int(try #require(admitted))) since start"
                try await eventually("the sums follow", within: Browser.timeout) {
                    try await tab.text("#total-admitted") == total
                }
                let points: String = try await tab.value(
                    "document.querySelector('[data-line=admitted]').getAttribute('points')")
                #expect(points.split(separator: " ").count >= 2)
                try await tab.evaluate("document.querySelector('#pace-table summary').click()")
                try await eventually("the seconds are a table", within: Browser.timeout) {
                    try await tab.value("document.querySelectorAll('#pace-table tbody tr').length") > 1
                }
                #expect(try await tab.evaluate("window.isSame") == true)
                try await eventually("the account is among the top", within: Browser.timeout) {
                    try await tab.text("#top tbody th") == "acme"
                }
                let top = try await stint.admin("/v1/accounts")
                let accounts = try JSONDecoder().decode(TopBody.self, from: Data(top.body.utf8)).accounts
                try await eventually("the top accounts are those of the API", within: Browser.timeout) {
                    let shown: [Int] = try await tab.value(
                        "[...document.querySelectorAll('#top data')].map(e => Number(e.value))")
                    return shown == accounts.flatMap { [$0.value, $0.percent ?? -1] }
                }
                #expect(tab.complaints == [])
                report("dashboard: the overview followed \(most) admissions in a second")
            }
        }

        @Test("An account's page shows the numbers that the API says, and follows them")
        func account() async throws {
            try await Self.browsing { stint, tab in
                try await Self.run(12, "acme", running: 2, stint.client)
                let late = AdmitBody(id: "late", function: "video/encode", maxDurationMs: 100)
                #expect(try await stint.client.admit(late, account: "acme").status == 201)
                let ending = SettleBody(durationMs: 10_400, outcome: .timeout, memoryBytes: 50_331_648)
                #expect(try await stint.client.settle("late", ending, account: "acme").status == 200)
                try await tab.go(to: Self.url(stint, "/accounts/acme"))
                try await tab.evaluate("window.isSame = true")
                try await Self.expectPage(tab, shows: "acme", stint)
                #expect(try await tab.text("#log tbody tr:first-child").contains("10.3 s over its grant"))
                #expect(try await tab.text("#log tbody tr:first-child").contains("over its ceiling"))
                #expect(try await tab.text("#log tbody tr:first-child").contains("48 MiB"))
                #expect(try await tab.value("document.querySelectorAll('#log tbody tr').length") == 11)
                #expect(try await tab.value("document.querySelectorAll('#holds tbody tr').length") == 2)

                try await eventually("the history is there", within: Browser.timeout) {
                    try await tab.go(to: Self.url(stint, "/accounts/acme"))
                    return try await tab.text("#history").contains("13 executions, 11.445 s")
                }
                try await tab.evaluate("window.isSame = true")
                try await tab.evaluate("document.querySelector('#window-0-table summary').click()")
                try await Self.run(3, "acme", running: 1, tag: "more", stint.client)
                try await eventually("the log follows", within: Browser.timeout) {
                    try await tab.value("document.querySelectorAll('#log tbody tr').length") == 13
                }
                try await Self.expectPage(tab, shows: "acme", stint)
                #expect(try await tab.evaluate("document.getElementById('window-0-table').open") == true)
                #expect(try await tab.evaluate("window.isSame") == true)
                #expect(try await tab.text("#state") == "Live")
                #expect(tab.complaints == [])
            }
        }

        /// The limits, the running executions and the cells on the page are those of the API, at
        /// some moment soon.
        private static func expectPage(_ tab: BrowserTab, shows account: String, _ stint: Stint) async throws
        {
            func numbers(_ selector: String) async throws -> [Int] {
                try await tab.value("[...document.querySelectorAll('\(selector)')].map(e => Number(e.value))")
            }
            try await eventually("the page shows what the API says", within: Browser.timeout) {
                let state = try await Self.state(account, stint)
                let shown = try await numbers("#limits .used data")
                guard shown == state.limits.map(\.used) else { return false }
                #expect(try await numbers("#limits .percent data") == state.limits.map(\.percent))
                #expect(try await numbers("#limits .left data") == state.limits.map(\.remaining))
                #expect(try await numbers("#facts data") == [state.holds.count])
                let cells = "#windows tbody td:nth-child"
                #expect(try await numbers("\(cells)(3) data").reduce(0, +) == state.limits[0].used)
                #expect(try await numbers("\(cells)(2) data").reduce(0, +) == state.limits[1].used)
                return true
            }
        }

        @Test("The form leads to an account; a name that is none is told so, and nothing of it is markup")
        func form() async throws {
            try await Self.browsing { stint, tab in
                try await tab.go(to: Self.url(stint))
                // The way there with the keyboard: past the link that skips the head.
                try await tab.press("Tab", code: 9)
                #expect(try await tab.evaluate("document.activeElement.className") == "skip")
                #expect(try await tab.text(".skip") == "Skip to content")
                try await tab.press("Tab", code: 9)
                #expect(try await tab.evaluate("document.activeElement.className") == "brand")
                try await tab.press("Tab", code: 9)
                #expect(try await tab.evaluate("document.activeElement.id") == "account")
                let outline: String = try await tab.value(
                    "getComputedStyle(document.activeElement).outlineStyle")
                #expect(outline == "solid", "the focus must be seen")
                try await tab.type("nobody:yet")
                try await tab.press("Enter", code: 13, text: "\r")
                try await eventually("the account's page is there", within: Browser.timeout) {
                    guard try await tab.evaluate("location.pathname") == "/accounts/nobody:yet" else {
                        return false
                    }
                    return try await tab.text("h1") == "Account nobody:yet"
                }
                #expect(try await tab.text("#windows").contains("every cell is empty"))
                #expect(tab.complaints == [])

                let hostile = #"<script>document.title="owned"</script>"#
                let escaped = try #require(
                    hostile.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
                for path in ["/accounts?account=\(escaped)", "/accounts/\(escaped)"] {
                    try await tab.go(to: Self.url(stint, path))
                    #expect(try await tab.text("h1") == "Malformed Account Name")
                    #expect(try await tab.evaluate("document.title") == "Malformed Account Name - Stint")
                }
                #expect(try await stint.admin("/accounts?account=\(escaped)").status == 400)
                #expect(try await stint.admin("/accounts/acme?parts=all").status == 400)
                #expect(try await stint.admin("/assets/nothing.css").status == 404)
            }
        }

        @Test("A page that breaks its policy, fails or complains is noticed")
        func complaints() async throws {
            try await Self.browsing(["--ledger", "memory"]) { stint, tab in
                for (script, word) in [
                    ("document.body.setAttribute('style', 'color: red')", "Content Security Policy"),
                    ("console.error('it complains')", "it complains"),
                    ("setTimeout(() => { throw new Error('it fails') }); 0", "it fails"),
                    ("fetch('/nowhere').then(() => 0)", "404"),
                ] {
                    try await tab.go(to: Self.url(stint))
                    try await tab.evaluate(script)
                    try await eventually("it is noticed: \(word)", within: Browser.timeout) {
                        tab.complaints.contains { $0.contains(word) }
                    }
                }
            }
        }

        @Test("Names of functions are text, whatever is in them")
        func hostileFunction() async throws {
            try await Self.browsing { stint, tab in
                let hostile = #"<img src=x onerror="document.title='owned'"><script>1</script>'&amp;"#
                try await Self.run(2, "acme", running: 1, function: hostile, stint.client)
                try await tab.go(to: Self.url(stint, "/accounts/acme"))
                #expect(try await tab.text("#log .name") == hostile)
                #expect(try await tab.text("#holds .name") == hostile)
                #expect(try await tab.evaluate("document.title") == "acme - Stint")
                #expect(
                    try await tab.evaluate("document.querySelectorAll('main script, main img').length") == 0)
                #expect(tab.complaints == [])
            }
        }

        @Test("Every page fits 360 points, and its texts can be read in the light and in the dark")
        func looks() async throws {
            try await Self.browsing { stint, tab in
                let long = String(repeating: "a-very-long-name.", count: 7)
                try await Self.run(
                    12, long, running: 3, function: String(repeating: "f", count: 200), stint.client)
                for path in ["/", "/accounts/\(long)", "/accounts?account=%3C"] {
                    try await tab.go(to: Self.url(stint, path))
                    var backgrounds: [String] = []
                    for isDark in [false, true] {
                        try await tab.dress(dark: isDark)
                        backgrounds.append(
                            try await tab.value("getComputedStyle(document.body).backgroundColor"))
                        #expect(try await tab.value(Self.faint) as [String] == [], "\(path), dark: \(isDark)")
                    }
                    #expect(backgrounds[0] != backgrounds[1])
                    try await tab.dress(dark: false)
                    for width in [360, 700, 1_200] {
                        try await tab.resize(width, 800)
                        #expect(
                            try await tab.value("document.documentElement.scrollWidth") <= width,
                            "\(path) at \(width)")
                    }
                    #expect(try await tab.value(Self.unnamed) as [String] == [], "\(path)")
                }
            }
        }

        /// JavaScript: texts with a contrast of less than 4.5 to what is behind them.
        private static let faint = """
            (() => {
              const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
                .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
              const parts = text => text.match(/[0-9.]+/g).map(Number);
              const behind = e => {
                for (; e; e = e.parentElement) {
                  const color = parts(getComputedStyle(e).backgroundColor);
                  if (color.length < 4 || color[3] === 1) return color;
                }
                return [255, 255, 255];
              };
              const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
              const found = [];
              while (texts.nextNode()) {
                const text = texts.currentNode.data.trim(), e = texts.currentNode.parentElement;
                if (!text || e.closest('svg, noscript, script')) continue;
                const [a, b] = [light(parts(getComputedStyle(e).color)), light(behind(e))];
                const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
                if (contrast < 4.5) found.push(`${text}: ${contrast.toFixed(2)}`);
              }
              return found;
            })()
            """

        /// JavaScript: what a screen reader could not name, and what has no place in the order of
        /// headings.
        private static let unnamed = """
            (() => {
              const found = [];
              for (const svg of document.querySelectorAll('svg:not([aria-hidden=true])'))
                if (svg.getAttribute('role') !== 'img' || !(svg.ariaLabel || svg.getAttribute('aria-labelledby')))
                  found.push('svg ' + svg.className.baseVal);
              for (const table of document.querySelectorAll('table'))
                if (!table.caption || table.querySelector('thead th:not([scope])')) found.push('table');
              for (const e of document.querySelectorAll('[aria-labelledby]'))
                for (const id of e.getAttribute('aria-labelledby').split(' '))
                  if (!document.getElementById(id)) found.push('label ' + id);
              const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
              found.push(...ids.filter((id, i) => ids.indexOf(id) !== i));
              if (document.querySelectorAll('h1').length !== 1 || document.querySelectorAll('main').length !== 1)
                found.push('one h1 and one main');
              for (const input of document.querySelectorAll('input')) if (!input.labels.length) found.push('input');
              return found;
            })()
            """

        @Test("Without Redis the pages say so")
        func inMemory() async throws {
            try await Self.browsing(["--ledger", "memory"]) { stint, tab in
                #expect(try await stint.client.admit(account: "acme").status == 201)
                for path in ["/", "/accounts/acme"] {
                    try await tab.go(to: Self.url(stint, path))
                    #expect(try await tab.text("main").contains("Start Stint with Redis to see them"))
                }
                try await tab.go(to: Self.url(stint))
                #expect(try await tab.text("#total-admitted") == "1 since start")
                try await eventually("the feed has begun", within: Browser.timeout) {
                    try await tab.text("[data-live=decisionsPerSecond]") == "0"
                }
                #expect(tab.complaints == [])
            }
        }

        @Test("With tokens a browser gets in with an admin's as its password, and follows")
        func tokens() async throws {
            try await Workplace.open { place in
                let file = place.file("tokens")
                let created = try await place.run(
                    ["token", "create", "--name", "ann", "--scope", "admin", "--file", file])
                let token = try #require(created.output.firstMatch(of: /stint_[0-9a-f]{64}/)).output
                let stint = try await place.start(["--ledger", "memory", "--security-tokens", file])
                for path in ["/", "/accounts/acme", "/v1/live"] {
                    #expect(try await stint.admin(path).status == 401)
                }
                try await Browser.open { browser in
                    let tab = try await BrowserTab(browser)
                    let credentials = Data("ann:\(token)".utf8).base64EncodedString()
                    try await tab.send("Authorization", "Basic \(credentials)")
                    try await tab.go(to: Self.url(stint))
                    try await eventually("the feed has begun", within: Browser.timeout) {
                        try await tab.text("#state") == "Live"
                    }
                    #expect(tab.complaints == [])
                }
            }
        }

        @Test("What pages need is kept by browsers for ever, and changes its name when it changes")
        func assets() async throws {
            try await Stint.serving(["--ledger", "memory"]) { stint, place in
                let page = try await stint.admin("/").body
                let paths = page.matches(of: /"(\/assets\/[^"]+)"/).map { String($0.output.1) }
                #expect(paths.count == 3)
                for path in paths {
                    let (_, head) = try await place.outside([
                        "curl", "-sI", "http://127.0.0.1:\(stint.adminPort)\(path)",
                    ])
                    #expect(head.contains("200 OK") && head.lowercased().contains("immutable"), "\(head)")
                }
                #expect(!page.contains("style=") && !page.contains("<style") && !page.contains("onclick"))
            }
        }
    }
}
