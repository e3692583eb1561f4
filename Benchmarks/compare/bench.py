"""One run, in order: what is started, who is measured in which scenario, and the rows."""

import json
import time

import cells
import clients
import growth
import machine
import resp
import servers
import twin
from cells import Contender, by_redis_benchmark, by_wrk
from names import (ADMITTED, DENIED, FLOOR, HAPROXY, LIMIT_REQ, NGINX_LUA, NO_LIMIT, OTHER_SERVERS, PROLOGUE, RETURNS_ONE,
                   SETTLE, STINT, TWIN, UNIFORM)
from servers import EXECUTIONS, WIDE_EXECUTION_MS, WIDE_EXECUTIONS
from spread import Rows, median, per_second

# The script of redis-benchmark under limits that nobody reaches, and what a script does at least.
WIDE_TWIN, RETURN = "wide twin", "return 1"


class Bench:
    """`chosen` are the command line's arguments, `running` a servers.Servers."""

    def __init__(self, chosen, running):
        self.chosen, self.running = chosen, running
        self.rows = []
        self.began = time.monotonic()

    def say(self, text):
        print(f"compare: {time.monotonic() - self.began:6.0f} s  {text}", flush=True)

    def keep(self, row):
        self.rows.append(row)
        with open(self.chosen.rows, "a") as file:
            file.write(json.dumps(row) + "\n")

    def run(self):
        chosen = self.chosen
        pace = (chosen.rounds, chosen.seconds, self.say, self.keep)
        self.memory()
        self.start()
        cells.rounds(self.scenarios(), *pace)
        cells.rounds([(OTHER_SERVERS, self.on_other_servers())], *pace, connections=(1, 128))
        if chosen.skip_growth or not self.is_chosen(STINT):
            return
        if self.is_chosen(TWIN):
            maximum = {name: self.maximum(name) for name in (STINT, TWIN)}
            growth.half_rate(chosen.stint, self.by_stint, self.by_twin, maximum, *pace)
            cells.rounds([self.floors()], *pace, connections=(1, 128))
        growth.unsettled(self.stint, 1 if chosen.quick else min(2, chosen.rounds), *pace[1:])
        growth.executions(self.wide, (1, 100, 6000), 10 if chosen.quick else 60, *pace)
        growth.accounts(self.start_by_size((100, 10_000) if chosen.quick else (100, 10_000, 1_000_000)), *pace)

    def is_chosen(self, name):
        return not self.chosen.only or any(text.lower() in name.lower() for text in self.chosen.only)

    def maximum(self, name):
        """The most requests/s of a contender over 10,000 accounts, by the number of connections that suits it best."""
        found = Rows(self.rows)
        return max(median(found.select(UNIFORM, name, many), per_second) for many in cells.CONNECTIONS)

    def start(self):
        """Everything that the main tables need. What is not asked waits and costs nothing but memory."""
        running = self.running
        self.stint = running.start_stint("stint")
        wide = servers.plan(WIDE_EXECUTIONS, WIDE_EXECUTION_MS)
        self.wide = running.start_stint("stint-wide", wide)
        # What settles has servers of its own, where accounts are known and nothing is left
        # unsettled.
        self.settled, self.wide_settled = running.start_stint("settled"), running.start_stint("wide-settled", wide)
        self.peers = {
            NGINX_LUA: running.start_nginx("nginx-lua", running.start_redis("nginx-lua-redis")),
            LIMIT_REQ: running.start_nginx("nginx-limit-req"),
            HAPROXY: running.start_haproxy(),
        }
        self.twins_redis = running.start_redis("twin-redis")
        redis = resp.Redis(self.twins_redis.redis)
        ours, under_wide = twin.watch(self.stint), twin.watch(self.wide)
        texts = {TWIN: ours.text, WIDE_TWIN: under_wide.text, PROLOGUE: ours.prologue + RETURN, RETURNS_ONE: RETURN}
        self.digests = {name: redis.call("SCRIPT", "LOAD", text).decode() for name, text in texts.items()}
        redis.close()
        twin.check(self.digests[TWIN], self.twins_redis.redis, self.stint)
        self.by_stint = Contender(STINT, self.stint, by_wrk(self.stint, self.stint.port, cells.ACCOUNTS))
        self.by_twin = self.calls(twin.UNIFORM_ACCOUNT)

    def settling(self, server, accounts):
        return Contender(SETTLE, server, by_wrk(server, server.port, accounts, settles=True), forgets=False)

    def calls(self, account, script=TWIN):
        """redis-benchmark with our script."""
        command = twin.command(self.digests[script], account)
        return Contender(TWIN, self.twins_redis, by_redis_benchmark(self.twins_redis, command))

    def peers_at(self, port, accounts, is_denied=False):
        """All peers at their PORT, which has the plan's limit, or at their WIDE_PORT, which has none to speak of."""
        return [Contender(name, server, by_wrk(server, ports[port], accounts),
                          (lambda port=ports[port]: cells.fill(port)) if is_denied else None)
                for name, (server, ports) in self.peers.items()]

    def scenarios(self):
        stint, wide = self.stint, self.wide
        no_limit, ports = self.peers[LIMIT_REQ]
        denied = twin.command(self.digests[TWIN], twin.one_account("denied"))
        all_of = [
            (UNIFORM, [
                self.by_stint,
                self.settling(self.settled, cells.ACCOUNTS),
                *self.peers_at("PORT", cells.ACCOUNTS),
                self.by_twin,
                Contender(NO_LIMIT, no_limit, by_wrk(no_limit, ports["FLOOR_PORT"], cells.ACCOUNTS)),
            ]),
            (DENIED, [
                Contender(STINT, stint, by_wrk(stint, stint.port, 1), lambda: cells.fill(stint.port)),
                *self.peers_at("PORT", 1, is_denied=True),
                Contender(TWIN, self.twins_redis, by_redis_benchmark(self.twins_redis, denied),
                          lambda: clients.redis_benchmark(self.twins_redis, EXECUTIONS + 1000, 32, denied)),
            ]),
            (ADMITTED, [
                Contender(STINT, wide, by_wrk(wide, wide.port, 1)),
                self.settling(self.wide_settled, 1),
                *self.peers_at("WIDE_PORT", 1),
                self.calls(twin.one_account("admitted"), WIDE_TWIN),
            ]),
        ]
        return [(name, [one for one in contenders if self.is_chosen(one.name)]) for name, contenders in all_of]

    def on_other_servers(self):
        """Stint on the Redis of this machine, and on what `scripts/deps.sh bench` has installed besides."""
        contenders = []
        for label, file in machine.redis_programs(self.chosen.servers):
            name = f"{STINT} on {label}"
            if not self.is_chosen(name):
                continue
            folder = label.replace(" ", "-").lower()
            store = self.running.start_redis(f"{folder}-store", file=file)
            server = self.running.start_stint(f"stint-on-{folder}", redis=store)
            contenders.append(Contender(name, server, by_wrk(server, server.port, cells.ACCOUNTS)))
        return contenders

    def floors(self):
        """What Redis costs at least."""
        redis = self.twins_redis
        prologue = twin.command(self.digests[PROLOGUE], twin.UNIFORM_ACCOUNT)
        return FLOOR, [
            Contender(RETURNS_ONE, redis, by_redis_benchmark(redis, ["EVALSHA", self.digests[RETURNS_ONE], 0])),
            Contender(PROLOGUE, redis, by_redis_benchmark(redis, prologue)),
        ]

    def memory(self):
        """Fresh servers, one after the other."""
        running, pace = self.running, (self.chosen.seconds, self.say, self.keep)
        if self.is_chosen(STINT):
            server = running.start_stint("memory-stint")
            growth.memory(STINT, server, server.port, *pace)
            running.stop(server)
        if self.is_chosen(NGINX_LUA):
            store = running.start_redis("memory-redis")
            server, ports = running.start_nginx("nginx-lua", store)
            growth.memory(NGINX_LUA, server, ports["PORT"], *pace)
            running.stop(server)
            running.stop(store)
        for name, start in ((LIMIT_REQ, lambda: running.start_nginx("nginx-limit-req")),
                            (HAPROXY, running.start_haproxy)):
            if self.is_chosen(name):
                server, ports = start()
                growth.memory(name, server, ports["PORT"], *pace)
                running.stop(server)

    def start_by_size(self, sizes):
        """A Stint for each number of accounts. Windows of an hour, so that no account's charges vanish while others are
        asked for."""
        plan = servers.plan(WIDE_EXECUTIONS, WIDE_EXECUTION_MS, window_ms=3_600_000)
        started = {}
        for size in sizes:
            store = self.running.start_redis(f"accounts-{size}-redis", append_only=False)
            started[size] = self.running.start_stint(f"accounts-{size}", plan, store)
        return started
