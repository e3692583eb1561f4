"""Starts what is measured, each in a directory of its own below a temporary one, on free ports of the loopback or on
Unix sockets, and stops by pid what it started."""

import http.client
import os
import re
import signal
import socket
import subprocess
import time

import machine
from machine import Failure, program

PEERS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "peers")

# The limits of the built-in plan, for Stint and for its peers.
EXECUTIONS = 6000
EXECUTION_MS = 600_000
# As much as a plan may say; nobody reaches it.
WIDE_EXECUTIONS = 2_147_483_647
WIDE_EXECUTION_MS = 1_099_511_627_776


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


PATIENCE_SECONDS = 30


def _accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def _get(port, path):
    """(status, body)"""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    return response.status, body


def _is_ready(port):
    try:
        return _get(port, "/readyz")[0] == 200
    except OSError:
        return False


class Server:
    """A process, the ones it started, and where it listens.

    `roles` names the processes whose use is measured: role to pids. `redis` is the path of the socket of the Redis
    behind it, None without one; `admin` is the port where Stint tells its metrics.
    """

    def __init__(self, name, folder, process, port=None, redis=None):
        self.name, self.folder, self.process, self.port, self.redis = name, folder, process, port, redis
        self.roles, self.admin = {}, None

    def statuses(self):
        """How often it has answered with which HTTP status, by Stint's own count; nothing for others."""
        if self.admin is None:
            return {}
        counts = re.findall(r'^stint_http_responses_total{status="(\d+)"} (\d+)', _get(self.admin, "/metrics")[1],
                            re.MULTILINE)
        return {status: int(count) for status, count in counts}

    def wait_until(self, is_up):
        """Asks every 20 ms. Raises, with what the process wrote, when it has ended or it takes too long."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not is_up():
            if self.process.poll() is not None:
                raise Failure(f"{self.name} ended with {self.process.returncode}: {self._last_words()}")
            if time.monotonic() > end:
                raise Failure(f"{self.name} is not up after {PATIENCE_SECONDS} s: {self._last_words()}")
            time.sleep(0.02)

    def _last_words(self):
        words = ""
        for name in sorted(os.listdir(self.folder)):
            if name.endswith(".log"):
                with open(os.path.join(self.folder, name), errors="replace") as file:
                    words += file.read()[-2000:]
        return words.strip()

    def stop(self):
        pids = [pid for group in self.roles.values() for pid in group if pid != self.process.pid]
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(timeout=20)
        for pid in pids:  # Children that outlived their parent.
            try:
                if machine.parent(pid) != os.getpid():  # Not a Redis that is a server of ours.
                    os.kill(pid, signal.SIGTERM)
            except (ProcessLookupError, FileNotFoundError):
                pass


class Servers:
    """All that run; leaving the `with` stops them, the last one first."""

    def __init__(self, directory, stint):
        self.directory, self.stint = directory, stint
        self._running = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        while self._running:
            self._running.pop().stop()

    def stop(self, server):
        self._running.remove(server)
        server.stop()

    def _start(self, name, command, port=None, redis=None):
        folder = self._folder(name)
        with open(os.path.join(folder, "output.log"), "ab") as log:
            process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        server = Server(name, folder, process, port, redis)
        self._running.append(server)
        return server

    def _folder(self, name):
        path = os.path.join(self.directory, name)
        os.makedirs(path, exist_ok=True)
        return path

    def start_redis(self, name, append_only=True, file=None):
        """A Redis with the settings that Stint gives to its own; `file` is the program, if not that on PATH."""
        folder = self._folder(name)
        path = os.path.join(folder, "redis.sock")
        server = self._start(name, [
            file or program("redis-server"), "--port", "0", "--unixsocket", path, "--unixsocketperm", "700",
            "--dir", folder, "--appendonly", "yes" if append_only else "no", "--appendfsync", "everysec",
            "--save", "", "--maxmemory-policy", "noeviction", "--daemonize", "no", "--loglevel", "warning",
        ], redis=path)
        server.wait_until(lambda: os.path.exists(path))
        server.roles = {"redis": [server.process.pid]}
        return server

    def start_stint(self, name, plan=None, redis=None):
        """Stint with its own Redis, or with the given one; `plan` is the text of a plan file."""
        folder = self._folder(name)
        port, admin = free_port(), free_port()
        command = [
            self.stint, "serve", "--runner-address", f"127.0.0.1:{port}", "--admin-address", f"127.0.0.1:{admin}",
            "--data-dir", folder, "--log-level", "warning", "--accounts-maximum-new-per-hour", "0",
        ]
        if plan:
            with open(os.path.join(folder, "plans.yaml"), "w") as file:
                file.write(plan)
            command += ["--plans", os.path.join(folder, "plans.yaml")]
        if redis:
            command += ["--redis-url", "unix://" + redis.redis]
        path = redis.redis if redis else os.path.join(folder, "redis.sock")
        server = self._start(name, command, port=port, redis=path)
        server.wait_until(lambda: _is_ready(admin))
        server.admin = admin
        pid = server.process.pid
        server.roles = {"service": [pid], "redis": redis.roles["redis"] if redis else machine.children(pid)}
        return server

    def start_nginx(self, name, redis=None):
        """nginx by peers/NAME.conf: the master and its two workers are the service."""
        text, ports = self._filled(f"{name}.conf", REDIS=redis.redis if redis else "")
        # The workers must reach the socket and the scripts: they run as who started this, also when
        # that is root.
        user = ["-g", "user root;"] if os.geteuid() == 0 else []
        folder = self._folder(name)
        conf = os.path.join(folder, "nginx.conf")
        with open(conf, "w") as file:
            file.write(text)
        server = self._start(name, [program("nginx"), "-p", folder, "-c", conf, "-e", "error.log", *user],
                             port=ports["PORT"], redis=redis.redis if redis else None)
        pid = server.process.pid
        server.wait_until(lambda: _accepts(ports["PORT"]) and len(machine.children(pid)) >= 2)
        server.roles = {"service": [pid, *machine.children(pid)]}
        if redis:
            server.roles["redis"] = redis.roles["redis"]
        return server, ports

    def start_haproxy(self):
        text, ports = self._filled("haproxy.cfg")
        conf = os.path.join(self._folder("haproxy"), "haproxy.cfg")
        with open(conf, "w") as file:
            file.write(text)
        server = self._start("haproxy", [program("haproxy"), "-db", "-f", conf], port=ports["PORT"])
        server.wait_until(lambda: _accepts(ports["PORT"]))
        server.roles = {"service": [server.process.pid]}
        return server, ports

    @staticmethod
    def _filled(name, **words):
        """A peer's configuration with its @WORDS@ filled in, and the ports that were chosen."""
        with open(os.path.join(PEERS, name)) as file:
            text = file.read()
        ports = {word: free_port() for word in ("PORT", "WIDE_PORT", "FLOOR_PORT")}
        words.update(ports, LIMIT=EXECUTIONS, PEERS=PEERS, MODULES="/usr/lib/nginx/modules")
        for word, value in words.items():
            text = text.replace(f"@{word}@", str(value))
        return text, ports


def plan(executions, execution_ms, window_ms=60_000):
    """A plan file with one plan: the built-in one with other amounts and windows."""
    return f"""default: bench
plans:
  bench:
    limits:
      - {{name: execution-time, meter: execution-time, amount: {execution_ms}, windowMs: {window_ms}}}
      - {{name: executions, meter: executions, amount: {executions}, windowMs: {window_ms}}}
    kinds:
      function: {{maxDurationMs: 10000, memoryBytes: 134217728, payloadBytes: 6291456}}
"""
