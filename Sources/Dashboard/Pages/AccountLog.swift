// The newest rows of an account's execution log as a table. Executions that ran too long are marked
// in words.

import WireFormat

enum AccountLog {
    static func html(_ log: AccountPage.Part<ExecutionsBody>) -> HTML {
        switch log {
        case .failure(let problem): return Page.note("The log cannot be read now: \(problem.detail).")
        case .success(let log) where log.executions.isEmpty:
            return Page.note("No execution was settled or expired.")
        case .success(let log):
            return #"""
                <div class="scroll" role="region" tabindex="0" aria-label="Log">
                <table><caption>Executions that were settled or expired, newest first</caption>
                <thead><tr><th scope="col">Ended</th><th scope="col">Function</th><th scope="col">Outcome</th>\#
                <th scope="col" class="number">Took</th><th scope="col" class="number">Granted</th>\#
                <th scope="col" class="number minor">Memory</th><th scope="col" class="minor">Kind</th>\#
                <th scope="col" class="minor">Id</th></tr></thead>
                <tbody>\#(log.executions.map(row))</tbody></table></div>
                """#
        }
    }

    private static func row(_ one: ExecutionsBody.Execution) -> HTML {
        let memory = one.memoryBytes.map { $0.asSize } ?? ""
        return #"""
            <tr\#(one.isLong ? #" class="long""# : nil)><td>\#(instant: one.at, as: one.at.asTime)</td>\#
            <td>\#(AccountPage.function(one.function))</td><td>\#(outcome(one.outcome))\#(marks(one))</td>\#
            <td class="number">\#(one.durationMs, as: one.durationMs.asDuration)</td>\#
            <td class="number">\#(one.grantedMs, as: one.grantedMs.asDuration)</td>\#
            <td class="number minor">\#(memory)</td><td class="minor">\#(one.kind)</td><td class="minor"><code>\#(one.id)</code></td></tr>

            """#
    }

    private static func outcome(_ outcome: String?) -> HTML {
        guard let outcome else { return #"<span class="aside">not given</span>"# }
        return #"<span class="outcome \#(outcome)">\#(outcome)</span>"#
    }

    private static func marks(_ one: ExecutionsBody.Execution) -> HTML {
        let grant: HTML? =
            one.overrunMs > 0
            ? #" <span class="tag full">\#(one.overrunMs.asDuration) over its grant</span>"# : nil
        let ceiling: HTML? = one.overCeiling ? #" <span class="tag full">over its ceiling</span>"# : nil
        return "\(grant)\(ceiling)"
    }
}

extension ExecutionsBody.Execution {
    fileprivate var isLong: Bool { overrunMs > 0 || overCeiling }
}
