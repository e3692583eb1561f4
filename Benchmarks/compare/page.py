"""docs/BENCHMARKS.md, made of the rows of a run: results first, targets last."""

import re
import textwrap

import targets
from cells import ATTEMPTS, DISTURBED
from names import (ACCOUNTS, ADMITTED, DENIED, EXECUTIONS, EXPIRED, FLOOR, HALF_RATE, LOGGED, MEMORY, ORDER, OTHER_SERVERS,
                   PEERS, STINT, TWIN, UNIFORM, UNSETTLED)
from spread import Rows, cpu, median, number, per_second, ratios, with_spread

COLUMNS = 100

# What the page says, by the order of its sections. Lines are wrapped again when numbers are filled
# in.

INTRODUCTION = """
This page compares Stint with nginx, HAProxy and redis-benchmark on one machine: throughput,
latency, CPU and memory.

`make compare` ([Benchmarks/compare](../Benchmarks/compare)) generates it; do not edit it. The
command starts Stint and its peers on this machine's loopback, measures them in turns, stops them
and writes this page.
"""

SUMMARY = """
Requests/s of Stint divided by those of its peers, with {connections} connections: the median over
the rounds, with the least and the most. 2.00 means twice as many. Of the other limiters only
nginx+Lua+Redis keeps its counts in a store, as Stint does. redis-benchmark calls Stint's script
without a service. [Contenders](#contenders) describes each one. The targets and whether they are
met are [at the end](#targets).

In the tables, c is the number of connections. [Method](#method) defines the other columns.
"""

HALF_OF_THE_RATE = """
- *Requests due* is `stint load --rate`: requests are due at fixed times, independent of the
  service, and latency counts from then.
- redis-benchmark cannot hold a rate. It gets the number of connections with which it makes about
  half of its maximum, and so does wrk for Stint. These are closed loops. Their latencies look
  better than they are, because a loop that waits sends nothing.
- *Share* is the part of the most requests/s that the client made in the table of 10,000 accounts
  (for requests due: that wrk made).
"""

RESIDENT = """
The most resident memory in MiB, while a newly started server answers 1,000 connections that ask for
10,000 accounts. Pages that nginx's processes share count for each. *Errors* are requests without an
answer or with a 5xx; of peers only the former can be seen.
"""

SCRIPT_CALLS = """
The least that a call of a script costs Redis: EVALSHA by redis-benchmark, one call at a time on
each connection. The prologue is what the text twin does besides Stint's script. *CPU* is the whole
process: reading and writing the socket, finding the script, running it.
"""

NEVER_SETTLED = """
In all rows above except those of *admit + settle*, executions are admitted and never settled. When
their holds have expired, the next admissions of their accounts find them, and each becomes a row of
the execution log. Here all 10,000 accounts are asked for at that time, c=128, and once more when it
is done. The difference, divided by the executions that expired, is {cost} us of Redis' CPU for each
of them.
"""

FILLED_ACCOUNTS = """
Redis is filled with this many accounts, each with a charge and a hold. Then all are asked for
uniformly, c=128, admissions only. Windows are an hour long, so that nothing expires during the run.
There is no append-only file, so that filling takes seconds. Of 128 asks for 100 accounts some share
a call of the script, of those for 10,000 hardly any. So the step from 10,000 to 1,000,000 is the
one to compare.
"""

FILLED_WINDOWS = """
Each of 10,000 accounts has this many executions in its window, settled, spread over its cells. Then
all are asked for uniformly, c=128, admissions only.
"""

CONTENDERS = """| contender | what it is |
| --- | --- |
| Stint | the release build, `stint serve` with default settings: two event loops, an embedded Redis on a Unix socket, append-only file forced to disk every second |
| nginx+Lua+Redis | 2 workers, [limiter.lua](../Benchmarks/peers/limiter.lua): JSON read, one EVALSHA of a two-cell counter ([two-cells.lua](../Benchmarks/peers/two-cells.lua)) over pooled Unix-socket connections to a Redis with the same settings. Executions only, no time, no ids; admits up to twice the limit across a boundary |
| nginx limit_req | 2 workers, a leaky bucket in shared memory: no store, one machine, executions only |
| HAProxy | 2 threads, stick tables in memory: no store, one machine, executions only. It counts denied requests too, so a caller that goes on is never admitted again |
| redis-benchmark | Stint's own script called by Redis' own client over a Unix socket: no HTTP, no service. It cannot send NUL bytes, so it calls the [*text twin*](../Benchmarks/compare/twin.py): what the service was seen to send, with the packed arguments written into the text. The run ends immediately if twin and service leave different keys in Redis. It cannot count denials |
| nginx without a limit | an answer from memory: what wrk and nginx alone cost |
"""

METHOD = """
- **One machine.** The client, the service and Redis share the cores, as a runner and its Stint do.
  So requests per second are what the sum of their costs allows. Ratios within one run and CPU per
  request are the results; requests per second alone are not.
- **In turns.** Every row is measured for {seconds} s in each round, {rounds} times in all. Within a
  round the order of the contenders is random. Tables show the median over the rounds, with the
  least and the most. Ratios are taken within a round, and their median is shown.
- **Nothing left over.** Before each row the contender's store forgets all accounts, then a second
  of load with 128 connections makes them known again. So no row pays for the previous one:
  executions that were admitted and never settled expire after a minute, and then Stint finds and
  logs each of them, which peers do not. [Unsettled executions](#unsettled-executions) has that
  cost. *admit + settle* has separate Stint processes, which forget nothing, because it leaves
  nothing unsettled.
- **Disturbed rows.** If other processes of the machine, or the hypervisor, used more than
  {disturbed} cores during a row, it is measured again immediately, at most {attempts} times in all.
  The least disturbed attempt counts, whichever result it has.
- **The client** is wrk with one thread and c connections. Each sends its next request as soon as it
  is answered (a closed loop: its p99 leaves out requests that would have been sent during a stall).
  Every contender gets the same bytes: `POST /v1/accounts/acct-0000042/executions` with
  `{{"function":"resize","maxDurationMs":100}}`.
- **admit + settle** sends its own ids and settles each execution. It is two requests an execution,
  and both are counted. Peers have nothing like it.
- **CPU** is user and system time of the processes from /proc, divided by wrk's number of requests.
  The client's is what the kernel accounts to it at its end.
- **Script** is the time that Redis itself accounts to scripts (`INFO commandstats`), divided in the
  same way. It is measured by the clock, so it includes the time when Redis had to wait for a core.
- **10,000 accounts** are asked for uniformly, each far below its limit.
- **One account, denied** is asked for until it is denied, then measured; a few admissions remain as
  old charges leave the window. **One account, admitted** is the same under limits that are never
  reached.
- **Limits** are those of the built-in plan: 6,000 executions and 600 s of execution time per 60 s.
"""

INTERFERENCE = """
Of {count} rows in the main tables {again} were measured again, and {left} stayed disturbed. Other
processes of this machine used {foreign} cores in the median row, at most {most_foreign}. The
hypervisor gave {stolen} cores to others in the median row, at most {most_stolen}. In all of them
{errors} requests got no answer (socket errors, and what Stint's metrics count as 5xx).
"""

REPRODUCE = """
On Debian 12 with Swift 6.3, as root or with sudo:

```sh
make compare                         # 35 minutes; installs what is missing, builds, measures, writes this page
make compare ARGS="--quick"          # 3 minutes, one round of one second: to see it work
make compare ARGS="--rounds 9 --only Stint --only Lua"
```

Stop other programs on the machine first. The rows behind the tables are left in
`.build/compare/rows.jsonl`, one JSON object a line. `python3 Benchmarks/compare --from FILE` makes
the page of such a file. `make bench` runs this and the microbenchmarks of single functions.
"""

ON_OTHER_SERVERS = """
Stint on other versions of Redis, and on Valkey, which `scripts/deps.sh bench` installs: each with a
Redis of the same settings of its own, 10,000 accounts, admissions only, measured in turns. The
ratio is to the first one, the Redis that is installed.
"""

TARGETS = """
What Stint aims at, as ratios and bounds within one run, and what was measured.
"""


def text(lines):
    """The whole page. `lines` are the rows of a run, the first one says where and how they were taken."""
    facts = next(row for row in lines if row["scenario"] == "machine")
    rows = Rows([row for row in lines if row["scenario"] != "machine"])
    sections = [("Summary", _summary(rows))]
    for scenario, title in ((UNIFORM, "10,000 accounts"), (DENIED, "One hot account, denied"),
                            (ADMITTED, "One hot account, admitted")):
        if rows.select(scenario):
            sections.append((title, _blocks(_main_table(rows, scenario), _ratio_table(rows, scenario))))
    sections += [
        ("Other servers", _other_servers(rows, facts["redis"])),
        ("Latency at half of the maximum rate", _half_rate(rows)),
        ("Memory", _memory(rows)),
        ("Script calls in Redis", _redis(rows)),
        ("Unsettled executions", _unsettled(rows)),
        ("More accounts", _more_accounts(rows)),
        ("More executions in the window", _more_executions(rows)),
        ("Environment", _machine(facts)),
        ("Contenders", CONTENDERS),
        ("Method", _prose(METHOD.format(rounds=facts["rounds"], seconds=facts["seconds"],
                                        disturbed=DISTURBED, attempts=ATTEMPTS))),
        ("Interference", _noise(rows)),
        ("Reproducing the results", _prose(REPRODUCE)),
        ("Targets", _blocks(_prose(TARGETS), "\n".join(targets.table(rows)) + "\n")),
    ]
    return assembled(sections, facts["quick"])


def assembled(sections, is_quick):
    """The page of these sections, pairs of a title and a text; those without a text are left out."""
    sections = [(title, body) for title, body in sections if body]
    contents = " · ".join(f"[{title}](#{_anchor(title)})" for title, _ in sections)
    parts = ["# Benchmarks\n", _prose(INTRODUCTION)]
    if is_quick:
        parts.append("> **A trial run** (`--quick`): one round of one second. Do not quote it.\n")
    parts.append(_prose(f"Contents: {contents}"))
    for title, body in sections:
        parts += [f"## {title}\n", body]
    return "\n".join(parts)


def _anchor(title):
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _prose(text):
    """Paragraphs and list items, wrapped to the page's width, and code as it is."""
    pieces = re.split(r"(^```.*?^```$)", text.strip("\n"), flags=re.DOTALL | re.MULTILINE)
    return "".join(piece if piece.startswith("```") else _wrapped(piece) for piece in pieces) + "\n"


def _wrapped(text):
    parts = re.split(r"(\n\n|\n(?=- )|\n$|^\n)", text)
    return "".join(part if part.startswith("\n") else _filled(part) for part in parts)


def _filled(text):
    """One paragraph or list item. Neither links nor code are broken."""
    text = re.sub(r"\[[^\]]*\]\([^)]*\)|`[^`]*`", lambda found: found[0].replace(" ", "\0"), re.sub(r"\s+", " ", text))
    return textwrap.fill(text, COLUMNS, subsequent_indent="  " if text.startswith("- ") else "",
                         break_long_words=False, break_on_hyphens=False).replace("\0", " ")


def _blocks(*blocks):
    return "\n".join(blocks)


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


def _ratio(rows, scenario, other, connections):
    return with_spread(ratios(rows.select(scenario, STINT, connections), rows.select(scenario, other, connections),
                              per_second), 2)


def _summary(rows):
    scenarios = [scenario for scenario in (UNIFORM, ADMITTED, DENIED) if rows.select(scenario)]
    if not scenarios:
        return ""
    most = max(connections for scenario in scenarios for connections in rows.connections(scenario))
    lines = [[other, *(_ratio(rows, scenario, other, most) for scenario in scenarios)] for other in [*PEERS, TWIN]]
    return _blocks(_prose(SUMMARY.format(connections=most)), _table(["Stint to", *scenarios], lines))


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
    head = ["requests/s, Stint to", *(f"c={connections}" for connections in rows.connections(scenario))]
    return _table(head, [[other, *(_ratio(rows, scenario, other, connections)
                                   for connections in rows.connections(scenario))] for other in [*PEERS, TWIN]])


def _redis(rows):
    lines = []
    for name in rows.contenders(FLOOR, []):
        for connections in rows.connections(FLOOR):
            found = rows.select(FLOOR, name, connections)
            lines.append([name, str(connections), with_spread(map(per_second, found)),
                          with_spread([row["p99_ms"] for row in found], 2),
                          with_spread([row["script_us"] for row in found], 2), with_spread(map(cpu("redis"), found), 1)])
    return _blocks(_prose(SCRIPT_CALLS), _table(
        ["script", "c", "calls/s", "p99 ms", "script us", "CPU us"], lines)) if lines else ""


def _other_servers(rows, installed):
    names = rows.contenders(OTHER_SERVERS, [f"{STINT} on Redis {installed}"])
    lines = []
    for connections in rows.connections(OTHER_SERVERS):
        for name in names:
            found = rows.select(OTHER_SERVERS, name, connections)
            first = rows.select(OTHER_SERVERS, names[0], connections)
            lines.append([str(connections), name.removeprefix(f"{STINT} on "), with_spread(map(per_second, found)),
                          with_spread(ratios(found, first, per_second), 2),
                          with_spread([row["p99_ms"] for row in found], 2),
                          number(median(found, cpu("redis")), 1),
                          number(median(found, lambda row: row["script_us"]), 1)])
    return _blocks(_prose(ON_OTHER_SERVERS), _table(
        ["c", "server", "requests/s", "ratio", "p99 ms", "CPU us: Redis", "its script"], lines)) if lines else ""


def _half_rate(rows):
    lines = []
    for name in rows.contenders(HALF_RATE, []):
        found = rows.select(HALF_RATE, name)
        lines.append([name, str(found[0]["connections"]), number(median(found, per_second)),
                      number(median(found, lambda row: row["share_of_maximum"]), 2),
                      with_spread([row["p50_ms"] for row in found], 2), with_spread([row["p99_ms"] for row in found], 2),
                      str(sum(row["errors"] for row in found))])
    return _blocks(_prose(HALF_OF_THE_RATE), _table(
        ["client", "c", "requests/s", "share", "p50 ms", "p99 ms", "errors"], lines)) if lines else ""


def _memory(rows):
    lines = []
    for name in rows.contenders(MEMORY, ORDER):
        row = rows.select(MEMORY, name)[0]
        resident = row["resident_mib"]
        lines.append([name, number(resident.get("service"), 1), number(resident.get("redis"), 1),
                      number(per_second(row)), str(row["errors"])])
    return _blocks(_prose(RESIDENT), _table(
        ["contender", "service", "Redis", "requests/s", "errors"], lines)) if lines else ""


def _unsettled(rows):
    lines, costs = [], []
    for name in (EXPIRED, LOGGED):
        found = rows.select(UNSETTLED, name)
        lines.append([name, with_spread(map(per_second, found)), with_spread(map(cpu("service"), found), 1),
                      with_spread(map(cpu("redis"), found), 1)])
    for expired, logged in zip(rows.select(UNSETTLED, EXPIRED), rows.select(UNSETTLED, LOGGED)):
        more = cpu("redis")(expired) - cpu("redis")(logged)
        costs.append(more * expired["requests"] / expired["held"])
    return _blocks(_prose(NEVER_SETTLED.format(cost=with_spread(costs, 1))), _table(
        ["asked for", "requests/s", "CPU us: service", "Redis"], lines)) if costs else ""


def _more_accounts(rows):
    return _growth(rows, ACCOUNTS, FILLED_ACCOUNTS)


def _more_executions(rows):
    return _growth(rows, EXECUTIONS, FILLED_WINDOWS)


def _growth(rows, scenario, prose):
    names = sorted(rows.contenders(scenario, []), key=lambda name: int(name.split()[0].replace(",", "")))
    lines = []
    for name in names:
        found = rows.select(scenario, name)
        lines.append([name, with_spread(map(per_second, found)), with_spread(map(cpu("service"), found), 1),
                      with_spread(map(cpu("redis"), found), 1), with_spread([row["script_us"] for row in found], 1),
                      number(median(found, lambda row: row["resident_mib"]["redis"]))])
    return _blocks(_prose(prose), _table(
        ["", "requests/s", "CPU us: service", "Redis", "its script", "Redis resident, MiB"], lines)) if lines else ""


def _noise(rows):
    found = [row for scenario in (UNIFORM, DENIED, ADMITTED) for row in rows.select(scenario)]
    if not found:
        return ""
    errors = sum(row["errors"] for row in found)
    again = sum(row["attempts"] > 1 for row in found)
    left = sum(row["foreign_cores"] + row["stolen_cores"] > DISTURBED for row in found)
    return _prose(INTERFERENCE.format(
        count=len(found), again=again, left=left, errors=errors,
        foreign=number(median(found, lambda row: row["foreign_cores"]), 2),
        most_foreign=number(max(row["foreign_cores"] for row in found), 2),
        stolen=number(median(found, lambda row: row["stolen_cores"]), 2),
        most_stolen=number(max(row["stolen_cores"] for row in found), 2)))


