// The charges of one account, and the rule that holds an ask against all limits at once. An account
// ledger is this and the holds. A simulation knows what is running, so it needs only this. Pure:
// the caller passes the time.

/// The charges of one account, in every window that was charged.
package struct Charges: Sendable {
    /// One window of each shape, in the order of their first charge.
    package private(set) var windows: [SlidingWindow] = []

    package init() {}

    /// Drops what has left the windows of `plan`.
    /// - Parameters:
    ///   - plan: the account's plan.
    ///   - clock: the ledger's clock; it may have stepped back.
    /// - Returns: `now` of the account, the latest of its windows' times: `clock` unless that
    ///   stepped back.
    package mutating func advance(under plan: Plan, to clock: Timestamp) -> Timestamp {
        var now = clock
        for index in plan.windows.indices {
            guard let place = place(of: index, under: plan) else { continue }
            windows[place].advance(to: clock)
            now = max(now, windows[place].clock)
        }
        return now
    }

    /// Charges the grant of `ask` to every limit, or nothing to any. Ignores the ask's id.
    /// - Parameters:
    ///   - ask: the ask.
    ///   - plan: the account's plan.
    ///   - now: what ``advance(under:to:)`` has just returned for `clock`.
    ///   - clock: the ledger's clock.
    /// - Returns: ``Verdict/admitted(_:)`` or ``Verdict/denied(_:)``.
    package mutating func admit(
        _ ask: Ask, under plan: Plan, at now: Timestamp, clock: Timestamp
    ) -> Verdict {
        var grantMs = ask.durationMs
        var violated: UInt32 = 0
        var fits = clock
        var everFits = true
        for index in plan.limits.indices {
            let meter = plan.limits[index].meter
            let amount = plan.limits[index].amount
            let place = place(of: plan.windowOfLimit[index], under: plan)
            let left = amount - (place.map { windows[$0].used(meter) } ?? 0)
            let needed = meter.choose(executions: 1, executionTime: ask.neededMs)
            if left >= needed {
                grantMs = meter.choose(executions: grantMs, executionTime: min(grantMs, left))
                continue
            }
            violated |= 1 << UInt32(index)
            if let place, needed <= amount {
                fits = max(fits, windows[place].fits(needed, of: meter, under: amount))
            } else {
                everFits = false
            }
        }
        guard violated == 0 else {
            return .denied(Denial(violated: violated, retryAfterMs: everFits ? fits - clock : nil))
        }
        for index in plan.windows.indices {
            let place = place(of: index, under: plan) ?? windows.endIndex
            if place == windows.endIndex { windows.append(SlidingWindow(shape: plan.windows[index])) }
            windows[place].charge(grantMs: grantMs, at: windows[place].now(at: clock))
        }
        return .admitted(Grant(admittedAt: now, durationMs: grantMs))
    }

    /// Forgets what was charged to the windows of `plan`.
    mutating func forget(under plan: Plan, at clock: Timestamp) {
        for index in plan.windows.indices {
            if let place = place(of: index, under: plan) { windows[place].forget(at: clock) }
        }
    }

    /// When the windows of `plan` were charged by the admission that was just made at `now`. Empty
    /// if all were charged at that instant and none ever restarted.
    func moments(under plan: Plan, at now: Timestamp) -> [ChargeMoment] {
        let moments = plan.windows.indices.compactMap { index in
            place(of: index, under: plan).map {
                ChargeMoment(instant: windows[$0].clock, epoch: windows[$0].epoch)
            }
        }
        return moments.allSatisfy { $0.instant == now && $0.epoch.ms == 0 } ? [] : moments
    }

    /// Whether a hold has expired at `now`, or had expired when one of its windows restarted.
    func hasExpired(_ hold: Hold, under plan: Plan, at now: Timestamp) -> Bool {
        hold.expires <= now
            || plan.windows.indices.contains { index in
                guard let place = place(of: index, under: plan), hold.expires <= windows[place].epoch,
                    let moment = hold.moment(of: plan.windows[index])
                else { return false }
                return !windows[place].isOfCurrentEpoch(moment)
            }
    }

    /// Replaces the hold's grant by the actual duration, where it still counts.
    /// - Parameters:
    ///   - hold: a hold of this account.
    ///   - durationMs: the actual duration.
    ///   - plan: the account's plan.
    ///   - clock: what ``advance(under:to:)`` was just given; it returned less than
    ///     ``Hold/expires``.
    package mutating func settle(
        _ hold: Hold, durationMs: Int, under plan: Plan, at clock: Timestamp
    ) -> Receipt {
        let grantedMs = hold.grant.durationMs
        var counts = false
        for index in plan.windows.indices {
            guard let moment = hold.moment(of: plan.windows[index]),
                let place = place(of: index, under: plan)
            else { continue }
            let isCorrected = windows[place].correct(
                by: durationMs - grantedMs, chargedAt: moment, at: windows[place].now(at: clock))
            counts = isCorrected || counts
        }
        let chargedMs = counts ? durationMs : grantedMs
        return Receipt(
            chargedMs: chargedMs, returnedMs: max(0, grantedMs - chargedMs),
            overrunMs: max(0, durationMs - grantedMs), grant: hold.grant, label: hold.label)
    }

    /// What counts of `plan.limits[limit]`: executions or ms.
    package func used(of limit: Int, under plan: Plan) -> Int {
        place(of: plan.windowOfLimit[limit], under: plan).map { windows[$0].used(plan.limits[limit].meter) }
            ?? 0
    }

    /// What counts, one per window of the plan.
    func usage(under plan: Plan, at clock: Timestamp) -> [Usage] {
        plan.windows.indices.map { index in
            let window = place(of: index, under: plan).map { windows[$0] }
            return Usage(
                executions: window?.executions ?? 0, executionTimeMs: window?.executionTimeMs ?? 0,
                oldestLeavesInMs: window?.oldestLeaves.map { $0 - clock })
        }
    }

    /// The index of `plan.windows[index]` in ``windows``: the same, unless other plans were in
    /// force before.
    private func place(of index: Int, under plan: Plan) -> Int? {
        let shape = plan.windows[index]
        if index < windows.count, windows[index].shape == shape { return index }
        return windows.firstIndex { $0.shape == shape }
    }
}
