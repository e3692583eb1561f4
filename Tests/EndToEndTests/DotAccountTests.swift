// The accounts `.` and `..`, whose names browsers and many clients remove from paths.

import StintClient
import TestServers
import Testing
import WireFormat

extension EndToEnd {
    @Suite("Accounts called . and ..")
    struct DotAccountTests {
        @Test(
            "They are admitted, shown by the command line, and opened from the overview in a browser",
            arguments: [".", ".."])
        func dots(account: String) async throws {
            try await Stint.serving { stint, place in
                #expect(try await stint.client.admit(account: account).status == 201)
                let shown = try await place.run(
                    ["account", "show", account, "--admin", "http://127.0.0.1:\(stint.adminPort)"])
                #expect(
                    shown.ending == .exited(0)
                        && shown.output.hasPrefix("account \(account), plan serverless"), "\(shown)")
                try await eventually("it is among the top accounts") {
                    try await stint.admin("/").body.contains("href=\"/accounts?account=\(account)\"")
                }
                try await Browser.open { browser in
                    let tab = try await BrowserTab(browser)
                    try await tab.go(to: "http://127.0.0.1:\(stint.adminPort)/")
                    try await tab.evaluate("document.querySelector('#top a').click()")
                    try await eventually("its page is open", within: Browser.timeout) {
                        try await tab.value(
                            "(document.querySelector('h1')?.textContent ?? '').trim().endsWith(' \(account)')"
                        )
                    }
                    #expect(try await stint.client.admit(account: account).status == 201)
                    try await eventually("the page follows", within: Browser.timeout) {
                        try await tab.text("#facts").contains("2 running")
                    }
                }
            }
        }
    }
}
