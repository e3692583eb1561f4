"""Stint beside its peers, end to end on this machine: `python3 Benchmarks/compare --stint PATH` starts everything
itself, measures, stops it, and writes docs/BENCHMARKS.md. Nothing but the standard library.

The rows behind the page go to a file of JSON lines; `--from FILE` makes the page of such a file again.
"""

import argparse
import json
import os
import resource
import signal
import sys
import tempfile
import time

import machine
import page
import servers
from bench import Bench
from machine import Failure

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def arguments():
    parser = argparse.ArgumentParser(prog="python3 Benchmarks/compare", description=__doc__)
    parser.add_argument("--stint", default=os.path.join(REPOSITORY, ".build/release/stint"),
                        help="the release binary (default: .build/release/stint)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each row is taken (5)")
    parser.add_argument("--seconds", type=int, default=3, help="how long a row is measured, in whole seconds (3)")
    parser.add_argument("--quick", action="store_true", help="one round of one second: to try it, not to quote it")
    parser.add_argument("--only", action="append", metavar="NAME",
                        help="only contenders whose name contains NAME, in any case; may be repeated")
    parser.add_argument("--skip-growth", action="store_true", help="the main tables only")
    parser.add_argument("--page", default=os.path.join(REPOSITORY, "docs/BENCHMARKS.md"), help="what to write")
    parser.add_argument("--rows", default=os.path.join(REPOSITORY, ".build/compare/rows.jsonl"),
                        help="where the rows go (.build/compare/rows.jsonl)")
    parser.add_argument("--from", dest="source", metavar="FILE", help="measure nothing; make the page of these rows")
    parser.add_argument("--servers", default=os.path.join(REPOSITORY, ".build/compatibility"), metavar="FOLDER",
                        help="where other versions of Redis, and Valkey, are (.build/compatibility)")
    parser.add_argument("--time-limit", type=int, default=3600, metavar="SECONDS",
                        help="give up after so long (3600)")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.rounds, chosen.seconds = 1, 1
    if chosen.rounds < 1 or chosen.seconds < 1:
        parser.error("--rounds and --seconds are whole numbers from 1 on")
    return chosen


def give_up(*_):
    raise Failure("stopped")


def measure(chosen):
    if not os.access(chosen.stint, os.X_OK):
        raise Failure(f"no program at {chosen.stint}; type: swift build -c release --product stint, or --stint PATH")
    os.makedirs(os.path.dirname(os.path.abspath(chosen.rows)), exist_ok=True)
    open(chosen.rows, "w").close()
    # 1,000 connections take more files than some shells allow; what is started inherits it.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 20_000)), hard))
    signal.signal(signal.SIGTERM, give_up)
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(chosen.time_limit)
    with tempfile.TemporaryDirectory(prefix="compare-") as directory:
        with servers.Servers(directory, os.path.abspath(chosen.stint)) as running:
            bench = Bench(chosen, running)
            bench.keep({"scenario": "machine", "contender": None, "connections": None,
                        "rounds": chosen.rounds, "seconds": chosen.seconds, "quick": chosen.quick,
                        "date": time.strftime("%Y-%m-%d"), **machine.facts(REPOSITORY)})
            bench.run()
    signal.alarm(0)


def main():
    chosen = arguments()
    try:
        if not chosen.source:
            measure(chosen)
        with open(chosen.source or chosen.rows) as file:
            rows = [json.loads(line) for line in file]
        with open(chosen.page, "w") as file:
            file.write(page.text(rows))
    except (Failure, KeyboardInterrupt) as problem:
        print(f"compare: {problem or 'interrupted'}", file=sys.stderr)
        sys.exit(1)
    print(f"compare: wrote {os.path.relpath(chosen.page)} from {os.path.relpath(chosen.source or chosen.rows)}")


if __name__ == "__main__":
    main()
