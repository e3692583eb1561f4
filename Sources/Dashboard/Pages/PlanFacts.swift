// An account's plan and its override, as words and a table.

import Accounting
import WireFormat

struct PlanFacts {
    let plan: Plan
    let override: OverrideBody?

    var html: HTML {
        #"""
        <section aria-labelledby="plan-title">
        <h2 id="plan-title">Plan</h2>
        <div id="plan" class="plan" data-refresh>
        <dl class="pairs">
        <div><dt>Plan</dt><dd>\#(plan.name)</dd></div>
        <div><dt>Minimum grant</dt><dd>\#(plan.minimumGrantMs.asDuration)</dd></div>
        <div><dt>If the ledger cannot answer</dt><dd>\#(unavailable)</dd></div>
        <div><dt>Override</dt><dd>\#(overrideWords)</dd></div>
        </dl>
        \#(kinds)
        \#(resources)
        </div>
        </section>
        """#
    }

    private var unavailable: HTML {
        switch plan.whenUnavailable {
        case .deny: return "deny"
        case .admit: return "admit, without a bound"
        case .admitShare(let percent):
            let bound = plan.share?.overUse?.text(processes: 1) ?? ""
            return "admit \(percent) % of every limit in each process: \(bound)"
        }
    }

    private var overrideWords: HTML {
        guard let override else { return "none" }
        var terms: [HTML] = []
        if let plan = override.plan { terms.append("plan \(plan)") }
        for (name, amount) in (override.amounts ?? [:]).sorted(by: { $0.key < $1.key }) {
            let meter = plan.limits.first { $0.name == name }?.meter
            terms.append("\(name) \(amount, as: meter?.short(amount) ?? amount.grouped)")
        }
        let list: [HTML] = terms.enumerated().map { index, word in index == 0 ? word : ", \(word)" }
        guard let end = override.expiresAt else { return "\(list)" }
        return "\(list), until \(instant: end, as: end.asInstant)"
    }

    private var kinds: HTML {
        guard let kinds = plan.kinds else {
            return Page.note("Every kind of execution is accepted, without ceilings.")
        }
        let rows = kinds.sorted { $0.key < $1.key }.map { name, ceiling in
            #"""
            <tr><th scope="row">\#(name)</th><td class="number">\#(ceiling.maxDurationMs?.asDuration ?? "any")</td>\#
            <td class="number">\#(ceiling.memoryBytes?.asSize ?? "any")</td>\#
            <td class="number">\#(ceiling.payloadBytes?.asSize ?? "any")</td></tr>
            """# as HTML
        }
        return #"""
            <div class="scroll" role="region" tabindex="0" aria-label="Ceilings">
            <table><caption>The most that one execution may take</caption>
            <thead><tr><th scope="col">Kind</th><th scope="col" class="number">Duration</th>\#
            <th scope="col" class="number">Memory</th><th scope="col" class="number">Payload</th></tr></thead>
            <tbody>\#(rows)</tbody></table></div>
            """#
    }

    private var resources: HTML? {
        guard !plan.resources.isEmpty else { return nil }
        let quotas = plan.resources.sorted { $0.key < $1.key }.map { "\($0.value.grouped) \($0.key)" }
        return #"<p class="sum">It may own \#(quotas.joined(separator: ", ")).</p>"#
    }
}
