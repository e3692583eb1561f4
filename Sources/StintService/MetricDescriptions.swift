// Every metric of the service, with what it counts: the HELP lines of /metrics, and the table of
// docs/OPERATIONS.md.

import Prometheus

enum MetricDescriptions {
    static let all: [PrometheusMetrics.Description] = [
        .init("stint_build_info", "Always 1; the label is the version of Stint."),
        .init("stint_decisions_total", "Decisions by verdict; a denial counts for each limit it names."),
        .init(
            "stint_degraded_debts",
            "Executions that this process admitted without the ledger, and that are not charged yet."),
        .init(
            "stint_degraded_payments_total",
            "Charges and settlements that the ledger accepted for executions admitted without it."),
        .init(
            "stint_degraded_over_use_executions",
            "The most executions that any account may be over by, through all known processes together, "
                + "under a plan that admits a share while the ledger cannot answer."),
        .init(
            "stint_degraded_over_use_seconds",
            "The same for execution time."),
        .init("stint_processes", "Stint processes that share the Redis, when it could last be asked."),
        .init("stint_http_responses_total", "Replies of the runner API by status."),
        .init("stint_http_connections", "Open connections of runners."),
        .init("stint_http_connections_maximum", "Connections of runners that may be open at once."),
        .init(
            "stint_accept_failures_total",
            "Connections that the system could not accept, for example without a free descriptor."),
        .init("stint_http_requests_in_flight", "Questions of runners that the ledger has not answered yet."),
        .init("stint_ledger_seconds", "Time from sending a call to the ledger to its answer."),
        .init("stint_ledger_refusals_total", "Calls to the ledger that Redis refused, by its code."),
        .init("stint_log_rows_lost_total", "Rows of the execution log that Redis did not store."),
        .init(
            "stint_combined_asks", "Questions in one call to the ledger.",
            buckets: PrometheusMetrics.counts),
        .init(
            "stint_clock_steps_total",
            "Accounts with a window that restarted because the clock of Redis was set back."),
        .init(
            "stint_rollups_written_total",
            "Accounts whose activity was written; each counts once per minute and write."),
        .init(
            "stint_rollups_lost_total", "Accounts and decisions missing from the rollups: no room, or lost."),
        .init(
            "stint_expired_holds_lost_total",
            "Executions that get no row in the log if never settled: too many are watched, or Redis was away."
        ),
        .init(
            "stint_redis_connections",
            "Open connections to Redis by role: single, primary (also each node of a cluster) or sentinel."),
        .init("stint_redis_connections_total", "Connections to Redis that were established, by role."),
        .init(
            "stint_redis_disconnections_total",
            "Connections to Redis that were lost or closed as failed, by role."),
        .init(
            "stint_redis_failovers_total",
            "Primaries that a replica replaced, as the control plane has seen it."),
        .init(
            "stint_redis_map_reads_total",
            "Questions to nodes of a cluster or to sentinels about where the keys are: read or failed."),
        .init(
            "stint_redis_nodes",
            "Servers by role: primary or replica. Replicas are known of clusters only."),
        .init(
            "stint_redis_redirections_total",
            "Errors by which a server said that another one has the key, or that it has it soon, by code."),
        .init(
            "stint_redis_sentinels",
            "Sentinels of redis.url: configured, and reachable, which is all but those that did not answer last."
        ),
        .init("stint_redis_slots_missing", "Slots of a cluster that no node has."),
        .init(
            "stint_redis_stalls_total",
            "Times that a connection took no commands until a late reply came, by role."),
        .init("stint_redis_memory_used_bytes", "Memory that Redis uses."),
        .init(
            "stint_redis_memory_limit_bytes",
            "Memory that Redis may use: its maxmemory, or the machine's memory if that is not set."),
        .init("stint_redis_in_flight", "Commands that wait for a reply of Redis, by role."),
        .init(
            "stint_unacknowledged_calls_total",
            "Calls of the ledger that fewer replicas acknowledged than redis.acknowledgingReplicas."),
        .init(
            "stint_redis_timeouts_total",
            "Commands that Redis did not answer within redis.commandDeadlineMs, by role."
        ),
    ]

    /// The table in Markdown, by name.
    static let markdown =
        (["| metric | what it is |", "| --- | --- |"]
        + all.sorted { $0.name < $1.name }.map { "| `\($0.name)` | \($0.help) |" }).joined(separator: "\n")
}
