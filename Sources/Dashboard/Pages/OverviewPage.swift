// The first page: what this process does now, and the busiest accounts.

public import WireFormat

public struct OverviewPage {
    /// The counts of this process since its start.
    public struct Counts: Sendable {
        let decisions: Int
        let admitted: Int
        let denied: Int
        let settled: Int
        let unavailable: Int
        /// Open connections.
        let connections: Int
        /// The latencies of calls to the ledger, in ms; nil if there were none.
        let ledgerMs: (p50: Double, p99: Double)?

        public init(
            decisions: Int, admitted: Int, denied: Int, settled: Int, unavailable: Int, connections: Int,
            ledgerMs: (p50: Double, p99: Double)?
        ) {
            self.decisions = decisions
            self.admitted = admitted
            self.denied = denied
            self.settled = settled
            self.unavailable = unavailable
            self.connections = connections
            self.ledgerMs = ledgerMs
        }
    }

    let counts: Counts
    let top: Result<TopBody, Problem>?

    /// - Parameters:
    ///   - counts: the counts of this process.
    ///   - top: the busiest accounts; nil if the ledger is in memory.
    public init(counts: Counts, top: Result<TopBody, Problem>?) {
        self.counts = counts
        self.top = top
    }

    public var page: Page {
        Page(
            title: "Overview",
            main: #"""
                <h1>Overview</h1>
                \#(top == nil ? Self.memory : nil)
                <section aria-labelledby="now">
                <h2 id="now">Now <span class="aside">this process, each second</span></h2>
                <noscript><p class="note">The numbers per second need JavaScript. Below them are the totals since the start.</p></noscript>
                <div class="tiles">
                \#(tiles)
                </div>
                \#(Self.chart)
                </section>
                <section aria-labelledby="top-title">
                <h2 id="top-title">Top accounts <span class="aside">all processes, this minute and the last</span></h2>
                <div id="top" data-refresh>\#(table)</div>
                </section>
                """#)
    }

    private static let memory = Page.note(
        "With --ledger memory there are no top accounts, and accounts have no pages. Start Stint with Redis to see them."
    )

    // MARK: Now

    private var tiles: [HTML] {
        [
            tile("Decisions", "decisionsPerSecond", unit: "/s", "\(counts.decisions.grouped) since start"),
            tile("Admitted", "admitted", unit: "/s", "\(counts.admitted.grouped) since start"),
            tile("Denied", "denied", unit: "/s", "\(counts.denied.grouped) since start"),
            tile("Settled", "settled", unit: "/s", "\(counts.settled.grouped) since start"),
            tile("Without ledger", "unavailable", unit: "/s", "\(counts.unavailable.grouped) since start"),
            tile("Ledger p50", "ledgerP50Ms", unit: "ms", latency(counts.ledgerMs?.p50)),
            tile("Ledger p99", "ledgerP99Ms", unit: "ms", latency(counts.ledgerMs?.p99)),
            tile("Connections", "connections", unit: "", "runners, open now"),
        ]
    }

    private func latency(_ ms: Double?) -> String {
        ms.map { "\($0.rounded(decimals: 2)) ms since start" } ?? "no calls yet"
    }

    /// - Parameters:
    ///   - title: the heading.
    ///   - field: the field of an event of the live feed.
    ///   - unit: the unit of its value.
    ///   - total: the text below, which needs no feed.
    private func tile(_ title: String, _ field: String, unit: String, _ total: String) -> HTML {
        #"""
        <dl class="tile"><dt>\#(title)</dt>\#
        <dd class="value"><span data-live="\#(field)">\#(field == "connections" ? "\(counts.connections)" : "–")</span> \#
        <span class="unit">\#(unit)</span></dd>\#
        <dd class="total" id="total-\#(field)" data-refresh>\#(total)</dd></dl>

        """#
    }

    private static let chart: HTML = #"""
        <figure class="pace" id="pace" aria-labelledby="pace-title">
        <figcaption id="pace-title"><strong>The last 60 seconds</strong>
        <span class="legend"><svg viewBox="0 0 24 6" aria-hidden="true"><line class="admitted" x1="0" x2="24" y1="3" y2="3"/></svg> admitted/s</span>
        <span class="legend"><svg viewBox="0 0 24 6" aria-hidden="true"><line class="denied" x1="0" x2="24" y1="3" y2="3"/></svg> denied/s</span>
        <span class="scale" data-scale></span></figcaption>
        <svg class="lines" viewBox="0 0 590 120" preserveAspectRatio="none" role="img" aria-labelledby="pace-name pace-words">
        <title id="pace-name">Executions admitted and denied in each of the last 60 seconds</title>
        <desc id="pace-words">The table below has the numbers.</desc>
        <path class="grid" d="M0 1H590M0 60H590M0 119H590"/>
        <polyline class="admitted" data-line="admitted" points=""/>
        <polyline class="denied" data-line="denied" points=""/>
        </svg>
        <p class="axis" aria-hidden="true"><span>60 s ago</span><span>now</span></p>
        <details id="pace-table"><summary>Seconds as a table</summary>
        <div class="scroll" role="region" tabindex="0" aria-label="Seconds">
        <table><caption>Each of the last 60 seconds, newest first</caption>
        <thead><tr><th scope="col">Time</th><th scope="col" class="number">Admitted</th><th scope="col" class="number">Denied</th>\#
        <th scope="col" class="number">Without ledger</th></tr></thead>
        <tbody></tbody></table></div></details>
        </figure>
        """#

    // MARK: Top accounts

    private var table: HTML {
        switch top {
        case nil: return Page.note("The ledger is in memory, which has no top accounts.")
        case .failure(let problem)?:
            return Page.note("The top accounts cannot be read now: \(problem.detail).")
        case .success(let top)? where top.accounts.isEmpty:
            return Page.note("No account had executions in this minute or the last.")
        case .success(let top)?:
            let most = top.accounts.map(\.value).max() ?? 0
            return #"""
                <table class="top"><caption class="hidden">Accounts with the most executions in this minute and the last</caption>
                <thead><tr><th scope="col">Account</th><th scope="col">Executions</th><th scope="col">Its fullest limit</th></tr></thead>
                <tbody>\#(top.accounts.map { row($0, most) })</tbody></table>
                """#
        }
    }

    private func row(_ account: TopBody.Account, _ most: Int) -> HTML {
        let percent: HTML =
            account.percent.map { "\(Bar.html(percent: $0))\(Bar.label(percent: $0))" } ?? "unknown now"
        return #"""
            <tr><th scope="row"><a href="\#(AccountAddress.link(to: account.account))">\#(account.account)</a></th>\#
            <td>\#(Bar.share(account.value, of: most))<span class="percent">\#(account.value, as: account.value.grouped)</span></td>\#
            <td>\#(percent)</td></tr>
            """#
    }
}
