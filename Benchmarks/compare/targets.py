"""What Stint wants to be, as ratios and bounds within one run, beside what was measured."""

import statistics

from names import (ACCOUNTS, ADMITTED, DENIED, DUE, EXECUTIONS, HALF_RATE, LIMIT_REQ, MEMORY, NGINX_LUA, STINT, TWIN,
                   UNIFORM)
from spread import cpu, per_second, ratios, with_spread

AT_LEAST, AT_MOST = "at least", "at most"


def table(rows):
    """Lines of Markdown."""
    lines = ["| target | wanted | measured | met |", "| --- | --- | --- | --- |"]
    for what, sense, bound, values, unit in _targets(rows):
        if not values:
            met = "not measured"
        else:
            middle = statistics.median(values)
            met = "yes" if (middle >= bound if sense == AT_LEAST else middle <= bound) else "**no**"
        lines.append(f"| {what} | {sense} {bound:g}{unit} | {with_spread(values, 2)}{unit if values else ''} | {met} |")
    return lines


def _targets(rows):
    """(what, sense, bound, measured values, unit)"""
    def beside(scenario, other, value=per_second, connections=128):
        return ratios(rows.select(scenario, STINT, connections), rows.select(scenario, other, connections), value)

    def values(scenario, connections, value):
        return [value(row) for row in rows.select(scenario, STINT, connections)]

    yield ("decisions/s, 10,000 accounts, c=128, to nginx+Lua+Redis", AT_LEAST, 2.0, beside(UNIFORM, NGINX_LUA), "x")
    yield ("CPU per request of the service, the same", AT_MOST, 0.5, beside(UNIFORM, NGINX_LUA, cpu("service")), "x")
    yield ("CPU per request of the service and its Redis, the same", AT_MOST, 0.5,
           beside(UNIFORM, NGINX_LUA, cpu("service", "redis")), "x")
    for scenario in (ADMITTED, DENIED):
        yield (f"decisions/s, {scenario}, c=128, to nginx+Lua+Redis", AT_LEAST, 3.0, beside(scenario, NGINX_LUA), "x")
        yield (f"decisions/s, {scenario}, c=128, to nginx limit_req", AT_LEAST, 0.6, beside(scenario, LIMIT_REQ), "x")
    half = ratios(rows.select(HALF_RATE, DUE), rows.select(HALF_RATE, TWIN), lambda row: row["p99_ms"])
    yield ("p99 at half of the maximum rate, requests due, to redis-benchmark with our script", AT_MOST, 3.0, half, "x")
    closed = ratios(rows.select(HALF_RATE, STINT), rows.select(HALF_RATE, TWIN), lambda row: row["p99_ms"])
    yield ("the same, both by closed loops", AT_MOST, 3.0, closed, "x")
    yield ("Redis' time in the script per decision, 10,000 accounts, c=1", AT_MOST, 10,
           values(UNIFORM, 1, lambda row: row["script_us"]), " us")
    for scenario in (ADMITTED, DENIED):
        yield (f"Redis' time in the script per decision, {scenario}, c=128", AT_MOST, 2,
               values(scenario, 128, lambda row: row["script_us"]), " us")
        yield (f"CPU of the whole Redis process per decision, {scenario}, c=128", AT_MOST, 2,
               values(scenario, 128, cpu("redis")), " us")
    yield ("resident memory of the service, 10,000 accounts and 1,000 connections", AT_MOST, 64,
           [row["resident_mib"]["service"] for row in rows.select(MEMORY, STINT)], " MiB")
    yield from _flat(rows, ACCOUNTS, "1,000,000 accounts", "100 accounts")
    yield from _flat(rows, ACCOUNTS, "1,000,000 accounts", "10,000 accounts")
    yield from _flat(rows, EXECUTIONS, "6,000 in the window", "1 in the window")


def _flat(rows, scenario, more, less):
    """The cost of more to that of less. Flat is a word; here it is taken for 1.25."""
    for roles, of in ((("service",), "the service"), (("redis",), "Redis")):
        yield (f"CPU of {of} per decision, {more} to {less}", AT_MOST, 1.25,
               ratios(rows.select(scenario, more), rows.select(scenario, less), cpu(*roles)), "x")
