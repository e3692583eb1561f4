"""What is measured: a row for every contender, connections and round, and the order in which rows are taken."""

import random
import time
from dataclasses import dataclass

import clients
import machine
import resp
from machine import Failure

CONNECTIONS = (1, 32, 128)
ACCOUNTS = 10_000
# A row is taken again, so often at most, when others used more cores than this meanwhile.
DISTURBED, ATTEMPTS = 0.2, 3


@dataclass(frozen=True)
class Contender:
    """Who is asked how, in one scenario."""

    name: str
    # A servers.Server.
    server: object
    # load(seconds, connections) makes a clients.Outcome.
    load: object
    # prepare() comes before each row; without one, a second of load.
    prepare: object = None
    # Whether its store forgets all accounts before each row.
    forgets: bool = True


def measure(scenario, contender, load, connections=None, round_number=0, most_attempts=ATTEMPTS):
    """One row: what the client saw, and what every process used meanwhile, per request that was answered. Where this
    machine's other processes or the hypervisor disturbed it, it is taken again, and the least disturbed attempt counts."""
    attempts = []
    while not attempts or (_disturbance(attempts[-1]) > DISTURBED and len(attempts) < most_attempts):
        attempts.append(_attempt(contender, load))
    return {"scenario": scenario, "contender": contender.name, "connections": connections, "round": round_number,
            "attempts": len(attempts), **min(attempts, key=_disturbance)}


def _disturbance(row):
    return row["foreign_cores"] + row["stolen_cores"]


def _attempt(contender, load):
    roles = contender.server.roles
    redis = resp.Redis(contender.server.redis) if contender.server.redis else None
    cpu_before = {role: machine.cpu_seconds(pids) for role, pids in roles.items()}
    script_before = redis.script_seconds() if redis else 0
    statuses_before = contender.server.statuses()
    busy_before, stolen_before = machine.machine_seconds()
    began = time.monotonic()

    outcome = load()

    seconds = time.monotonic() - began
    busy, stolen = machine.machine_seconds()
    cpu = {role: machine.cpu_seconds(pids) - cpu_before[role] for role, pids in roles.items()}
    cpu["client"] = outcome.client_cpu_seconds
    statuses = {status: count - statuses_before.get(status, 0)
                for status, count in contender.server.statuses().items()}
    row = {
        "requests": outcome.requests, "per_second": outcome.per_second,
        "p50_ms": outcome.p50_ms, "p99_ms": outcome.p99_ms, "refused": outcome.refused,
        "statuses": {status: count for status, count in statuses.items() if count},
        "errors": outcome.errors + sum(count for status, count in statuses.items() if status[0] == "5"),
        "cpu_us": {role: 1e6 * used / outcome.requests for role, used in cpu.items()},
        "resident_mib": outcome.resident_mib,
        # Cores that others used, on average: this machine's processes, and the hypervisor.
        "foreign_cores": max(0, busy - busy_before - sum(cpu.values())) / seconds,
        "stolen_cores": (stolen - stolen_before) / seconds,
    }
    if redis:
        row["script_us"] = 1e6 * (redis.script_seconds() - script_before) / outcome.requests
        redis.close()
    return row


def by_wrk(server, port, accounts, prefix="acct-", settles=False):
    """A load of wrk's."""
    def load(seconds, connections):
        return clients.wrk(server, port, seconds, connections, accounts, prefix, settles)
    return load


def by_redis_benchmark(server, command):
    """A load of redis-benchmark's, which takes a number of requests, not of seconds: as many as the last time would have
    fitted."""
    last = {}

    def load(seconds, connections):
        if connections not in last:
            last[connections] = clients.redis_benchmark(server, 3000, connections, command).per_second
        requests = max(1000, int(last[connections] * seconds))
        outcome = clients.redis_benchmark(server, requests, connections, command)
        last[connections] = outcome.per_second
        return outcome
    return load


def fill(port):
    """Asks for account 0 until it is mostly denied."""
    for _ in range(20):
        if clients.wrk(None, port, 1, 32, 1).refused > 0.5:
            return
    raise Failure("an account that was asked for during 20 s was not denied")


def forget_accounts(store):
    """Empties a ledger: deletes every key that is about an account of this benchmark. Whatever else is there stays, such as
    Stint's plans."""
    redis = resp.Redis(store)
    keys = [key for key in redis.keys("*")
            if not key.startswith(b"stint:") or key.startswith((b"stint:{acct-", b"stint:{load-"))]
    for first in range(0, len(keys), 1000):
        redis.call("UNLINK", *keys[first:first + 1000])
    redis.close()


def make_ready(contender):
    """Leaves nothing over of the row before, then sees to it that the accounts are known again."""
    if contender.server.redis and contender.forgets:
        forget_accounts(contender.server.redis)
    if contender.prepare:
        contender.prepare()
    else:
        contender.load(1, max(CONNECTIONS))


def rounds(scenarios, count, seconds, say, keep, connections=CONNECTIONS):
    """Takes every row `count` times, one round after the other; within a round one contender after the other, so that
    whatever disturbs the machine disturbs all alike, in an order that is drawn anew for each round and concurrency.

    `scenarios` is a list of (name, contenders).
    """
    chance = random.Random(1)
    for number in range(count):
        for name, contenders in scenarios:
            for many in connections:
                for contender in chance.sample(contenders, len(contenders)):
                    make_ready(contender)
                    row = measure(name, contender, lambda: contender.load(seconds, many), many, number)
                    keep(row)
                    say(f"round {number + 1}: {name}, c={many}, {contender.name}: "
                        f"{row['per_second']:,.0f} requests/s, p99 {row['p99_ms']:.2f} ms")
