"""What is measured besides the main tables: memory, latency at half of the maximum, and whether a decision's cost grows
with the number of accounts or of executions."""

import http.client
import json
import os
import time

import cells
import clients
import names
import resp
from cells import Contender
from machine import Failure

# Puts a copy of the account ARGV[1] at every account ARGV[2] .. (ARGV[3] to ARGV[4]): all its keys,
# with their time to live, whatever the ledger keeps in them.
COPY = """
for number = ARGV[3], ARGV[4] do
  local account = ARGV[2] .. string.format('%07d', number)
  for i = 1, #KEYS do
    local from, to = KEYS[i]:find('{' .. ARGV[1] .. '}', 1, true)
    redis.call('COPY', KEYS[i], KEYS[i]:sub(1, from) .. account .. KEYS[i]:sub(to), 'REPLACE')
  end
end
"""


# A hold of the built-in plan lives for its window of 60 s and one cell of it.
EXPIRY_SECONDS = 63


def memory(name, server, port, seconds, say, keep):
    """10,000 accounts, 1,000 connections: what is resident at most."""
    contender = Contender(name, server, cells.by_wrk(server, port, cells.ACCOUNTS))
    row = cells.measure(names.MEMORY, contender, lambda: contender.load(seconds, 1000), 1000)
    keep(row)
    say(f"memory: {name}: {row['resident_mib']} MiB")


def _nearest(contender, rate, choices):
    """The number of connections with which a closed loop comes nearest to a rate."""
    distance = {}
    for connections in choices:
        distance[connections] = abs(contender.load(1, connections).per_second - rate)
    return min(distance, key=distance.get)


def half_rate(stint, by_wrk, by_redis_benchmark, maximum, count, seconds, say, keep):
    """Latency at half of the maximum rate. `maximum` is requests/s by contender name.

    redis-benchmark cannot hold a rate, so it gets the number of connections with which it makes about half of its
    maximum. Stint is measured that way too, and with requests that are due at a fixed rate.
    """
    choices = (1, 2, 3, 4, 6, 8, 12, 16)
    closed = [(contender, _nearest(contender, maximum[contender.name] / 2, choices))
              for contender in (by_wrk, by_redis_benchmark)]
    rate = maximum[by_wrk.name] / 2
    due = Contender(names.DUE, by_wrk.server, lambda seconds, connections:
                    clients.stint_load(stint, by_wrk.server, rate, seconds, connections, cells.ACCOUNTS))
    for number in range(count):
        for contender, connections in [(due, 128), *closed]:
            cells.make_ready(contender)
            row = cells.measure(names.HALF_RATE, contender, lambda: contender.load(seconds, connections),
                                connections, number)
            row["share_of_maximum"] = row["per_second"] / maximum[
                by_wrk.name if contender is due else contender.name]
            keep(row)
            say(f"half rate: {contender.name}, c={connections}: {row['per_second']:,.0f} requests/s, "
                f"p99 {row['p99_ms']:.2f} ms")


def unsettled(server, count, seconds, say, keep):
    """What executions cost later that were admitted and never settled: their holds expire, are found and become rows of the log.
    All accounts are asked for when that is so, and once more right after, when it is done."""
    load = cells.by_wrk(server, server.port, cells.ACCOUNTS)
    for number in range(count):
        cells.forget_accounts(server.redis)
        held = load(seconds, 128).requests
        time.sleep(EXPIRY_SECONDS)
        for name in (names.EXPIRED, names.LOGGED):
            row = cells.measure(names.UNSETTLED, Contender(name, server, load), lambda: load(seconds, 128), 128, number,
                                most_attempts=1)
            row["held"] = held
            keep(row)
            say(f"unsettled: {held:,} executions, {name}: {row['cpu_us']}")


def accounts(by_size, count, seconds, say, keep):
    """A decision's cost when so many accounts have charges and holds. `by_size` is a server for each number, with a Redis
    of its own, which is filled once."""
    for size, server in by_size.items():
        redis = resp.Redis(server.redis)
        _ask(server.port, "seed", 1, settles=False)
        _copy(redis, "seed", "acct-", size)
        redis.close()
        say(f"accounts: filled Redis with {size:,}")
    for number in range(count):
        for size, server in by_size.items():
            contender = Contender(f"{size:,} accounts", server, cells.by_wrk(server, server.port, size))
            row = cells.measure(names.ACCOUNTS, contender, lambda: contender.load(seconds, 128), 128, number)
            keep(row)
            say(f"accounts: {contender.name}: {row['cpu_us']}")


def executions(server, counts, spread_seconds, count, seconds, say, keep):
    """A decision's cost when each of 10,000 accounts has so many executions in its window. One account of each kind is
    asked for during `spread_seconds`, then copied for each row."""
    redis = resp.Redis(server.redis)
    _spread({f"seed-{executions}": executions for executions in counts}, server.port, spread_seconds)
    for number in range(count):
        for executions in counts:
            seed = f"seed-{executions}"
            _ask(server.port, seed, max(0, executions - _used(server.port, seed)))
            _copy(redis, seed, f"full-{executions}-", cells.ACCOUNTS)
            contender = Contender(f"{executions:,} in the window", server,
                                  cells.by_wrk(server, server.port, cells.ACCOUNTS, f"full-{executions}-"))
            row = cells.measure(names.EXECUTIONS, contender, lambda: contender.load(seconds, 128), 128, number)
            keep(row)
            say(f"executions: {contender.name}: {row['cpu_us']}")
    redis.close()


def _copy(redis, seed, prefix, count):
    """Copies in calls of 10,000, so that none keeps Redis for long."""
    keys = redis.keys(f"*{{{seed}}}*")
    if not keys:
        raise Failure(f"the ledger has no key of the account {seed}")
    for first in range(0, count, 10_000):
        redis.call("EVAL", COPY, len(keys), *keys, seed, prefix, first, min(first + 10_000, count) - 1)


def _post(connection, path, body):
    """Repeats what the ledger did not answer in time: with the same id that is safe. A settlement that is repeated may
    find its hold settled."""
    for attempt in range(100):
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        text = response.read().decode()
        if response.status in (200, 201) or (response.status == 404 and attempt > 0):
            return
        if response.status != 503:
            break
        time.sleep(0.01)
    raise Failure(f"POST {path} was answered {response.status}: {text}")


def _execute(connection, account, settles=True):
    execution = os.urandom(8).hex()
    _post(connection, f"/v1/accounts/{account}/executions", {"id": execution, "maxDurationMs": 100})
    if settles:
        _post(connection, f"/v1/accounts/{account}/executions/{execution}/settle", {"durationMs": 80})


def _ask(port, account, count, settles=True):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for _ in range(count):
        _execute(connection, account, settles)
    connection.close()


def _spread(counts, port, seconds):
    """So many executions of each account, evenly over the seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    due = sorted((seconds * k / count, account) for account, count in counts.items() for k in range(count))
    began = time.monotonic()
    for moment, account in due:
        time.sleep(max(0, began + moment - time.monotonic()))
        _execute(connection, account)
    connection.close()


def _used(port, account):
    """How many executions count now."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", f"/v1/accounts/{account}/limits")
    policies = json.loads(connection.getresponse().read())["policies"]
    connection.close()
    return next(policy["used"] for policy in policies if policy["name"] == "executions")
