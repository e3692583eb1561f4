// The page of one account: how full its limits are, its windows as pictures, its running
// executions, its history, its log and its plan.

public import Accounting
public import WireFormat

public struct AccountPage {
    /// The most holds on the page.
    static let maximumHolds = 20
    /// The most rows of the log on the page.
    public static let maximumRows = 50
    /// The most functions on the page.
    static let maximumFunctions = 10

    /// A part of the page, or the problem that is shown instead.
    public typealias Part<Value> = Result<Value, Problem>

    let state: AccountBody
    let plan: Plan
    let cells: Part<[WindowCells]>
    let log: Part<ExecutionsBody>
    let history: [Part<(RollupStep, UsageBody)>]?
    private let clock: Timestamp

    /// - Parameters:
    ///   - state: the account's standing and holds.
    ///   - plan: the account's plan.
    ///   - cells: the cells of its windows.
    ///   - log: its newest rows, at most ``maximumRows``.
    ///   - history: its usage; nil if it was not requested.
    ///   - clock: the time, used if the ledger's clock is unknown.
    public init(
        state: AccountBody, plan: Plan, cells: Part<[WindowCells]>, log: Part<ExecutionsBody>,
        history: [Part<(RollupStep, UsageBody)>]?, clock: Timestamp
    ) {
        self.state = state
        self.plan = plan
        self.cells = cells
        self.log = log
        self.history = history
        self.clock = clock
    }

    /// The ledger's clock, in ms.
    private var now: Int {
        if case .success(let windows) = cells, let window = windows.first { return window.now.ms }
        return clock.ms
    }

    public var page: Page {
        Page(
            title: state.account, sought: state.account,
            main: #"""
                <h1><span class="kind-of">Account</span> \#(state.account)</h1>
                \#(facts)
                <section aria-labelledby="limits-title">
                <h2 id="limits-title">Limits</h2>
                <ul id="limits" class="limits" data-refresh>\#(state.limits.map(limit))</ul>
                </section>
                <section aria-labelledby="window-title">
                <h2 id="window-title">\#(plan.windows.count == 1 ? "Window" : "Windows") \#
                <span class="aside">charges fill cells at the right and leave at the left</span></h2>
                <div id="windows" data-refresh>\#(pictures)</div>
                </section>
                <section aria-labelledby="holds-title">
                <h2 id="holds-title">Running</h2>
                <div id="holds" data-refresh>\#(holds)</div>
                </section>
                \#(past)
                <section aria-labelledby="log-title">
                <h2 id="log-title">Log <span class="aside">the newest \#(Self.maximumRows)</span></h2>
                <div id="log" data-refresh>\#(AccountLog.html(log))</div>
                </section>
                \#(PlanFacts(plan: plan, override: state.override).html)
                """#)
    }

    private var facts: HTML {
        let override: HTML? =
            state.override == nil ? nil : ##"<li><a href="#plan-title">has an override</a></li>"##
        return #"""
            <ul class="facts" id="facts" data-refresh>
            <li>plan <strong>\#(state.plan)</strong></li>
            \#(override)
            <li><strong>\#(state.holds.count, as: state.holds.count.grouped)</strong> running</li>
            </ul>
            """#
    }

    // MARK: Limits

    private func limit(_ use: AccountBody.Use) -> HTML {
        func amount(_ amount: Int) -> String {
            Meter(rawValue: use.meter)?.short(amount) ?? amount.grouped
        }
        return #"""
            <li class="limit"><p class="row-name"><strong>\#(use.name)</strong> \#(Bar.label(percent: use.percent))</p>
            \#(Bar.html(percent: use.percent))
            <p><span class="used">\#(use.used, as: amount(use.used))</span> used, \#
            <span class="left">\#(use.remaining, as: amount(use.remaining))</span> left of \#
            \#(use.amount, as: amount(use.amount)) per \#(use.windowMs.asDuration)</p></li>

            """#
    }

    // MARK: Windows

    private var pictures: HTML {
        switch cells {
        case .failure(let problem): Page.note("The window cannot be shown now: \(problem.detail).")
        case .success(let windows):
            "\(windows.enumerated().map { WindowPicture(id: "window-\($0)", $1, limits: plan.limits).html })"
        }
    }

    // MARK: Running

    private var holds: HTML {
        let holds = state.holds
        guard holds.count > 0 else { return Page.note("Nothing is running.") }
        let shown = holds.items.prefix(Self.maximumHolds)
        let (rest, now) = (holds.count - shown.count, self.now)
        let more: HTML? = rest > 0 ? #"<p class="sum">and \#(rest.grouped) more</p>"# : nil
        return #"""
            <div class="scroll" role="region" tabindex="0" aria-label="Running executions">
            <table><caption>\#(holds.isPartial == true ? "At least " : "")\#(holds.count.grouped) running, longest first</caption>
            <thead><tr><th scope="col">Function</th><th scope="col" class="number">Since</th>\#
            <th scope="col" class="number minor">Granted</th><th scope="col" class="number">Left</th>\#
            <th scope="col" class="minor">Kind</th><th scope="col" class="minor">Id</th></tr></thead>
            <tbody>\#(shown.map { hold($0, at: now) })</tbody></table></div>\#(more)
            """#
    }

    private func hold(_ held: AccountBody.Held, at now: Int) -> HTML {
        let left = held.deadline - now
        let rest: HTML =
            left > 0 ? "\(left.asAge)" : #"<span class="tag full">over by \#((-left).asAge)</span>"#
        return #"""
            <tr><td>\#(Self.function(held.function))</td>\#
            <td class="number">\#(instant: held.admittedAt, as: max(0, now - held.admittedAt).asAge)</td>\#
            <td class="number minor">\#(held.grantedMs, as: held.grantedMs.asDuration)</td><td class="number">\#(rest)</td>\#
            <td class="minor">\#(held.kind ?? "")</td><td class="minor"><code>\#(held.id)</code></td></tr>

            """#
    }

    static func function(_ name: String?) -> HTML {
        if let name { return #"<span class="name">\#(name)</span>"# }
        return #"<span class="aside">not given</span>"#
    }

    // MARK: The past

    private var past: HTML? {
        history.map { history in
            #"""
            <section aria-labelledby="history-title">
            <h2 id="history-title">History</h2>
            <div id="history" data-refresh><div class="charts">\#(history.map(chart))</div>\#(functions(history))</div>
            </section>
            """#
        }
    }

    private func chart(_ part: Part<(RollupStep, UsageBody)>) -> HTML {
        switch part {
        case .failure(let problem): Page.note("The history cannot be read now: \(problem.detail).")
        case .success(let (step, usage)): HistoryChart(step: step, usage: usage).html
        }
    }

    /// The usage of its functions in the last hour.
    private func functions(_ history: [Part<(RollupStep, UsageBody)>]) -> HTML? {
        guard case .success(let (_, usage))? = history.first, !usage.functions.isEmpty else { return nil }
        return #"""
            <div class="scroll functions" role="region" tabindex="0" aria-label="Functions">
            <table><caption>Functions in the last hour, those with the most executions first</caption>
            <thead><tr><th scope="col">Function</th><th scope="col" class="number">Executions</th>\#
            <th scope="col" class="number">Execution time</th><th scope="col" class="number">Failed</th>\#
            <th scope="col">Denied</th></tr></thead>
            <tbody>\#(usage.functions.prefix(Self.maximumFunctions).map(function))</tbody></table></div>
            """#
    }

    private func function(_ one: UsageBody.Function) -> HTML {
        #"""
        <tr><th scope="row"><span class="name">\#(one.function)</span></th>\#
        <td class="number">\#(one.executions, as: one.executions.grouped)</td>\#
        <td class="number">\#(one.executionMs, as: one.executionMs.asDuration)</td>\#
        <td class="number">\#(one.errors, as: one.errors.grouped)</td>\#
        <td>\#(HistoryChart.list(one.denials) { $0.grouped })</td></tr>

        """#
    }
}
