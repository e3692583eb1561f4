"""docs/BENCHMARKS.md, made of the rows of a run."""

import targets
from cells import ATTEMPTS, DISTURBED
from names import (ACCOUNTS, ADMITTED, DENIED, EXECUTIONS, EXPIRED, FLOOR, HALF_RATE, LOGGED, MEMORY, ORDER, PEERS,
                   STINT, TWIN, UNIFORM, UNSETTLED)
from spread import Rows, cpu, median, number, per_second, ratios, with_spread

INTRODUCTION = """# Benchmarks

Made by `make compare` ([Benchmarks/compare](../Benchmarks/compare)); do not edit, run it again. It starts Stint and its peers on this
machine's loopback, measures them by turns, stops them and writes this page.
"""

METHOD = """## Method

- **One machine.** The client, the service and Redis share the cores, as a runner beside its Stint does. So requests per second are what
  the sum of their costs allows: ratios within one run and CPU per request are the results, requests per second alone are not.
- **By turns.** Every row is measured for {seconds} s in each round, {rounds} times in all; within a round the contenders follow each other in an order that
  is drawn anew. Tables show the median over the rounds, with the least and the most. Ratios are taken within a round,
  and their median is shown.
- **Nothing left over.** Before each row the contender's store forgets all accounts, then a second of load with 128 connections makes them known again. So no row pays for what the
  last one left: executions that were admitted and never settled expire after a minute, and then Stint finds and logs each of them, which peers do not.
  What that costs is in a table of its own below. *admit + settle* has Stints of its own, which forget nothing: it leaves nothing unsettled.
- **Disturbed rows again.** When other processes of the machine, or the hypervisor, used more than {disturbed} cores during a row, it is taken again
  at once, {attempts} times in all at most, and the least disturbed attempt counts, whatever it measured.
- **The client** is wrk with one thread and c connections, each asking again as soon as it is answered (a closed loop: its p99 leaves out what
  would have been asked during a stall). Every contender gets the same bytes: `POST /v1/accounts/acct-0000042/executions` with
  `{{"function":"resize","maxDurationMs":100}}`. *admit + settle* sends ids of its own and settles each execution; it is two requests an execution,
  and both are counted. Peers have nothing like it.
- **CPU** is user and system time of the processes by /proc, divided by wrk's number of requests; the client's is what the kernel
  accounts to it at its end. **Script** is what Redis itself accounts to scripts (`INFO commandstats`), divided in the same way; it is measured
  by the clock, so it counts the time when Redis had to wait for a core.
- **10,000 accounts** are asked for uniformly, each far below its limit. **One account, denied**: it is asked for until it is denied, then measured; a
  few admissions remain as old ones leave the window. **One account, admitted**: the same under limits that nobody reaches.
- Limits are those of the built-in plan: 6,000 executions and 600 s of execution time per 60 s.

| contender | what it is |
| --- | --- |
| Stint | the release build, `stint serve` as it comes: two event loops, its own Redis on a Unix socket, append-only file forced to disk every second |
| nginx+Lua+Redis | 2 workers, [limiter.lua](../Benchmarks/peers/limiter.lua): JSON read, one EVALSHA of a two-cell counter ([two-cells.lua](../Benchmarks/peers/two-cells.lua)) over pooled Unix-socket connections to a Redis with the same settings. Executions only, no time, no ids; admits up to twice the limit across a boundary |
| nginx limit_req | 2 workers, a leaky bucket in shared memory: no store, one machine, executions only |
| HAProxy | 2 threads, stick tables in memory: no store, one machine, executions only. It counts denied requests too, so a caller that goes on is never admitted again |
| redis-benchmark | our own script called by Redis' own client over a Unix socket: no HTTP, no service. It cannot send NUL bytes, so it calls the [*text twin*](../Benchmarks/compare/twin.py): what the service was seen to send, with the packed arguments written into the text. The run ends at once if twin and service leave other keys in Redis. It cannot count denials |
| nginx without a limit | an answer from memory: what wrk and nginx alone cost |
"""

REPRODUCE = """## Do it again

On Debian 12 with Swift 6.3, as root or with sudo:

```sh
make compare                         # 35 minutes; installs what is missing, builds, measures, writes this page
make compare ARGS="--quick"          # 3 minutes, one round of one second: to see it work
make compare ARGS="--rounds 9 --only Stint --only Lua"
```

Close what else uses the machine. The rows behind the tables, one JSON object a line, are left in `.build/compare/rows.jsonl`;
`python3 Benchmarks/compare --from FILE` makes the page of such a file. `make bench` runs this and the microbenchmarks of single functions.
"""


def text(lines):
    """The whole page. `lines` are the rows of a run, the first one says where and how they were taken."""
    facts = next(row for row in lines if row["scenario"] == "machine")
    rows = Rows([row for row in lines if row["scenario"] != "machine"])
    parts = [INTRODUCTION]
    if facts["quick"]:
        parts.append("> **A trial run** (`--quick`): one round of one second. Do not quote it.\n")
    parts += [_machine(facts), "## Targets\n", "\n".join(targets.table(rows)) + "\n"]
    parts.append(METHOD.format(rounds=facts["rounds"], seconds=facts["seconds"],
                               disturbed=DISTURBED, attempts=ATTEMPTS))
    for scenario, title in ((UNIFORM, "10,000 accounts"), (DENIED, "One hot account, denied"),
                            (ADMITTED, "One hot account, admitted")):
        if rows.select(scenario):
            parts += [f"## {title}\n", _main_table(rows, scenario), _ratio_table(rows, scenario)]
    parts += [_redis(rows), _half_rate(rows), _memory(rows), _unsettled(rows), _growth(rows), _noise(rows), REPRODUCE]
    return "\n".join(part for part in parts if part)


def _table(head, lines):
    return "\n".join([f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}",
                      *(f"| {' | '.join(line)} |" for line in lines)]) + "\n"


def _machine(facts):
    virtual = ", virtual" if facts["virtual"] else ""
    return _table(["", ""], [
        ["date, commit", f"{facts['date']}, {facts['commit']}"],
        ["machine", f"{facts['cores']} cores{virtual}, {facts['cpu']}, {facts['memory']}"],
        ["system", f"{facts['system']}, Linux {facts['kernel']}"],
        ["versions", f"Swift {facts['swift']}, Redis {facts['redis']}, nginx {facts['nginx']}, "
                     f"HAProxy {facts['haproxy']}, wrk {facts['wrk']}"],
        ["rounds", f"{facts['rounds']} of {facts['seconds']} s"],
    ])


def _main_table(rows, scenario):
    lines = []
    for connections in rows.connections(scenario):
        for name in rows.contenders(scenario, ORDER):
            found = rows.select(scenario, name, connections)
            has_redis = any("redis" in row["cpu_us"] for row in found)
            has_service = any("service" in row["cpu_us"] for row in found)
            lines.append([
                str(connections), name, with_spread(map(per_second, found)),
                number(median(found, lambda row: row["p50_ms"]), 2),
                with_spread([row["p99_ms"] for row in found], 2),
                "?" if name == TWIN else number(100 * median(found, lambda row: row["refused"]), 1),
                number(median(found, cpu("service")), 1) if has_service else "",
                number(median(found, cpu("redis")), 1) if has_redis else "",
                number(median(found, lambda row: row["script_us"]), 1) if has_redis else "",
                number(median(found, cpu("client")), 1),
            ])
    return _table(["c", "contender", "requests/s", "p50 ms", "p99 ms", "not 2xx, %", "CPU us: service", "Redis",
                   "its script", "client"], lines)


def _ratio_table(rows, scenario):
    head, lines = ["requests/s, Stint to"], []
    for connections in rows.connections(scenario):
        head.append(f"c={connections}")
    for other in [*PEERS, TWIN]:
        line = [other]
        for connections in rows.connections(scenario):
            found = ratios(rows.select(scenario, STINT, connections), rows.select(scenario, other, connections), per_second)
            line.append(with_spread(found, 2))
        lines.append(line)
    return _table(head, lines)


def _redis(rows):
    lines = []
    for name in rows.contenders(FLOOR, []):
        for connections in rows.connections(FLOOR):
            found = rows.select(FLOOR, name, connections)
            lines.append([name, str(connections), with_spread(map(per_second, found)),
                          with_spread([row["p99_ms"] for row in found], 2),
                          with_spread([row["script_us"] for row in found], 2), with_spread(map(cpu("redis"), found), 1)])
    return "\n".join(["## What Redis costs at least\n", "\n".join([
        "EVALSHA by redis-benchmark, one call at a time on each connection. The prologue is what the text twin does besides our script. *CPU*",
        "is the whole process: reading and writing the socket, finding the script, running it.\n"]),
        _table(["script", "c", "calls/s", "p99 ms", "script us", "CPU us"], lines)]) if lines else ""


def _half_rate(rows):
    lines = []
    for name in rows.contenders(HALF_RATE, []):
        found = rows.select(HALF_RATE, name)
        lines.append([name, str(found[0]["connections"]), number(median(found, per_second)),
                      number(median(found, lambda row: row["share_of_maximum"]), 2),
                      with_spread([row["p50_ms"] for row in found], 2), with_spread([row["p99_ms"] for row in found], 2),
                      str(sum(row["errors"] for row in found))])
    return "\n".join(["## Latency at half of the maximum rate\n", "\n".join([
        "*Requests due* is `stint load --rate`: requests are due at fixed times whatever the service does, and latency counts from then.",
        "redis-benchmark cannot hold a rate. It gets the number of connections with which it makes about half of its maximum, and so does",
        "wrk for Stint. A closed loop flatters: while it waits it asks nothing. *Share* is of the most",
        "requests/s that the client made in the table of 10,000 accounts (requests due: that wrk made).\n"]),
        _table(["client", "c", "requests/s", "share", "p50 ms", "p99 ms", "errors"], lines)]) if lines else ""


def _memory(rows):
    lines = []
    for name in rows.contenders(MEMORY, ORDER):
        row = rows.select(MEMORY, name)[0]
        resident = row["resident_mib"]
        lines.append([name, number(resident.get("service"), 1), number(resident.get("redis"), 1),
                      number(per_second(row)), str(row["errors"])])
    return "\n".join(["## Memory\n", "\n".join([
        "Resident at most, MiB, while a server that was just started answers 1,000 connections that ask for 10,000 accounts. Pages that nginx's",
        "processes share count for each. *Errors* are requests that got no answer or a 5xx; of peers only the former can be seen.\n"]), _table(["contender", "service", "Redis", "requests/s", "errors"], lines)]) if lines else ""


def _unsettled(rows):
    lines, costs = [], []
    for name in (EXPIRED, LOGGED):
        found = rows.select(UNSETTLED, name)
        lines.append([name, with_spread(map(per_second, found)), with_spread(map(cpu("service"), found), 1),
                      with_spread(map(cpu("redis"), found), 1)])
    for expired, logged in zip(rows.select(UNSETTLED, EXPIRED), rows.select(UNSETTLED, LOGGED)):
        more = cpu("redis")(expired) - cpu("redis")(logged)
        costs.append(more * expired["requests"] / expired["held"])
    return "\n".join(["## What executions cost that nobody settles\n", "\n".join([
        "They are admitted and their runners never heard of again, as in all rows above but those of *admit + settle*. When their holds have expired, the next",
        "admissions of their accounts find them, and each becomes a row of the log. Here all 10,000 accounts are asked for when that is so, c=128, and once more",
        f"when it is done. The difference, divided by the executions that expired, is {with_spread(costs, 1)} us of Redis' CPU for each of them.\n"]),
        _table(["asked for", "requests/s", "CPU us: service", "Redis"], lines)]) if costs else ""


def _growth(rows):
    sections = []
    for scenario, title, prose in (
            (ACCOUNTS, "What more accounts cost", "\n".join([
                "Redis is filled with so many accounts, each with a charge and a hold; then all are asked for uniformly, c=128, admissions only. Windows of",
                "an hour, so that nothing expires meanwhile; no append-only file, so that filling takes seconds. Of 128 asks for 100 accounts some share a",
                "call of the script, of those for 10,000 hardly any; so the step from 10,000 to 1,000,000 is the one that tells.\n"])),
            (EXECUTIONS, "What more executions in the window cost", "\n".join([
                "Each of 10,000 accounts has so many executions in its window, settled, spread over its cells; then all are asked for uniformly,",
                "c=128, admissions only.\n"]))):
        names = sorted(rows.contenders(scenario, []), key=lambda name: int(name.split()[0].replace(",", "")))
        lines = []
        for name in names:
            found = rows.select(scenario, name)
            lines.append([name, with_spread(map(per_second, found)), with_spread(map(cpu("service"), found), 1),
                          with_spread(map(cpu("redis"), found), 1), with_spread([row["script_us"] for row in found], 1),
                          number(median(found, lambda row: row["resident_mib"]["redis"]))])
        if lines:
            sections += [f"## {title}\n", prose, _table(
                ["", "requests/s", "CPU us: service", "Redis", "its script", "Redis resident, MiB"], lines)]
    return "\n".join(sections)


def _noise(rows):
    found = [row for scenario in (UNIFORM, DENIED, ADMITTED) for row in rows.select(scenario)]
    if not found:
        return ""
    errors = sum(row["errors"] for row in found)
    again = sum(row["attempts"] > 1 for row in found)
    left = sum(row["foreign_cores"] + row["stolen_cores"] > DISTURBED for row in found)
    return "\n".join([
        "## What disturbed it\n",
        f"Of {len(found)} rows in the main tables {again} were taken again, and {left} stayed disturbed. Other processes of this machine used "
        f"{number(median(found, lambda row: row['foreign_cores']), 2)} cores in the median row, "
        f"{number(max(row['foreign_cores'] for row in found), 2)} at most; the hypervisor gave",
        f"{number(median(found, lambda row: row['stolen_cores']), 2)} cores to others in the median row, "
        f"{number(max(row['stolen_cores'] for row in found), 2)} at most. In all of them {errors} requests",
        "got no answer (socket errors, and what Stint's metrics count as 5xx).",
        ""])
