"""The three clients that put a load on a server, and how their output is read: wrk, redis-benchmark and `stint load`.

Each returns an Outcome. Numbers are taken from the client's own report; its CPU from the kernel's account of it.
"""

import csv
import itertools
import json
import os
import re
import subprocess
import time
from dataclasses import dataclass, field

import machine
from machine import Failure, program

HERE = os.path.dirname(os.path.abspath(__file__))
_runs = itertools.count(int(time.time()) % 10_000_000 * 10)


@dataclass
class Outcome:
    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    # Share of the requests that were answered with another status than 2xx; redis-benchmark cannot
    # tell.
    refused: float = 0.0
    # Requests that got no answer.
    errors: int = 0
    client_cpu_seconds: float = 0.0
    # The most that each role of the watched server had resident while the client ran.
    resident_mib: dict = field(default_factory=dict)


def _run(command, timeout, watched=None, environment=None, fine=(0,)):
    """Runs a client to its end: its output, its CPU seconds, and the peak memory of the watched server by role. Raises
    when it does not end in time or with a status that is not `fine`."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**os.environ, **(environment or {})})
    end = time.monotonic() + timeout
    peak = {}
    try:
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > end:
                raise Failure(f"{command[0]} did not end within {timeout:.0f} s")
            for role, pids in (watched.roles if watched else {}).items():
                peak[role] = max(peak.get(role, 0), machine.resident_mib(pids))
            time.sleep(0.1)
    except BaseException:
        process.kill()
        process.wait()
        raise
    process.returncode = os.waitstatus_to_exitcode(status)
    output, problems = process.stdout.read().decode(), process.stderr.read().decode()
    process.stdout.close()
    process.stderr.close()
    if process.returncode not in fine:
        raise Failure(f"{' '.join(command)} ended with {process.returncode}: {problems or output}")
    return output, usage.ru_utime + usage.ru_stime, peak


def _milliseconds(text):
    """wrk's `12.34us`, `1.20ms`, `2.00s`, `1.50m`."""
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}[unit]


def read_wrk(text):
    def count(pattern):
        match = re.search(pattern, text)
        return int(match[1]) if match else 0

    def percentile(percent):
        match = re.search(rf"^ +{percent}% +([\d.]+(?:us|ms|s|m)) *$", text, re.MULTILINE)
        if not match:
            raise Failure(f"wrk names no {percent} % latency:\n{text}")
        return _milliseconds(match[1])

    requests = count(r"(\d+) requests in")
    if not requests:
        raise Failure(f"wrk got no answers:\n{text}")
    socket_errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    return Outcome(
        requests=requests, per_second=float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
        p50_ms=percentile(50), p99_ms=percentile(99),
        refused=count(r"Non-2xx or 3xx responses: (\d+)") / requests,
        errors=sum(map(int, socket_errors.groups())) if socket_errors else 0)


def wrk(server, port, seconds, connections, accounts, prefix="acct-", settles=False):
    """wrk with one thread. `seconds` is a whole number; wrk takes no other."""
    environment = {
        "ACCOUNTS": str(accounts), "PREFIX": prefix, "MODE": "settle" if settles else "admit",
        "CONNECTIONS": str(connections), "RUN": f"{next(_runs):08d}",
    }
    text, cpu, resident = _run(
        [program("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--latency",
         "-s", os.path.join(HERE, "requests.lua"), f"http://127.0.0.1:{port}"],
        seconds + 30, server, environment)
    outcome = read_wrk(text)
    outcome.client_cpu_seconds, outcome.resident_mib = cpu, resident
    return outcome


def read_redis_benchmark(text, requests):
    """The last line of --csv: test, requests/s, then latencies in ms: average, least, p50, p95, p99, most."""
    row = list(csv.reader(text.strip().splitlines()))[-1]
    return Outcome(requests=requests, per_second=float(row[1]), p50_ms=float(row[4]), p99_ms=float(row[6]))


def redis_benchmark(server, requests, connections, command):
    """So many calls of one command, one at a time on each connection. `__rand_int__` in it becomes a number of
    twelve digits below 10,000, another one each time."""
    text, cpu, resident = _run(
        [program("redis-benchmark"), "-s", server.redis, "-c", str(connections), "-n", str(requests), "-r", "10000",
         "--csv", *map(str, command)], 120, server)
    outcome = read_redis_benchmark(text, requests)
    outcome.client_cpu_seconds, outcome.resident_mib = cpu, resident
    return outcome


def read_stint_load(text):
    report = json.loads(text)
    latency = report["latencyUs"]["both"]
    return Outcome(
        requests=report["answered"], per_second=report["requestsPerSecond"], p50_ms=latency["p50"] / 1000,
        p99_ms=latency["p99"] / 1000, refused=report["denied"] / max(report["answered"], 1),
        errors=report["failed"] + report["notSent"])


def stint_load(stint, server, rate, seconds, connections, accounts):
    """Admissions that are due at their time, open loop. Warms up for a second, which is not in the outcome."""
    text, cpu, resident = _run(
        [stint, "load", "--target", f"http://127.0.0.1:{server.port}", "--rate", str(int(rate)),
         "--duration", str(seconds), "--warm-up", "1", "--connections", str(connections),
         "--accounts", str(accounts), "--ask", "100", "--admit-only", "--format", "json"],
        seconds + 30, server, fine=(0, 1))  # 1: some requests failed; the report says how many.
    outcome = read_stint_load(text)
    outcome.client_cpu_seconds, outcome.resident_mib = cpu, resident
    return outcome
