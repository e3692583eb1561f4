"""A Redis client of one page: commands in, Python values out, over a Unix socket."""

import socket


class RedisError(Exception):
    """An error reply."""


class Redis:
    def __init__(self, path, timeout=60):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout)
        self._socket.connect(path)
        self._replies = self._socket.makefile("rb")

    def close(self):
        self._replies.close()
        self._socket.close()

    def call(self, *arguments):
        """The reply: bytes, int, None or a list. Raises RedisError for an error reply."""
        parts = [b"*%d\r\n" % len(arguments)]
        for argument in arguments:
            data = argument if isinstance(argument, bytes) else str(argument).encode()
            parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
        self._socket.sendall(b"".join(parts))
        return self.read()

    def read(self):
        """The next reply."""
        line = self._replies.readline()
        if not line.endswith(b"\r\n"):
            raise RedisError("the server closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest
        if kind == b":":
            return int(rest)
        if kind == b"-":
            raise RedisError(rest.decode())
        if kind == b"$":
            return None if rest == b"-1" else self._replies.read(int(rest) + 2)[:-2]
        return None if rest == b"-1" else [self.read() for _ in range(int(rest))]

    def info(self, section):
        """The lines `name:value` of INFO, by name."""
        lines = self.call("INFO", section).decode().split("\r\n")
        return dict(line.split(":", 1) for line in lines if ":" in line)

    def keys(self, pattern):
        """All keys that match; for small or private servers."""
        found, cursor = set(), b"0"
        while True:
            cursor, keys = self.call("SCAN", cursor, "MATCH", pattern, "COUNT", 10000)
            found.update(keys)
            if cursor == b"0":
                return sorted(found)

    def script_seconds(self):
        """What all calls of scripts have taken by Redis' own account, the commands inside them included."""
        microseconds = 0
        for name, value in self.info("commandstats").items():
            if name in ("cmdstat_evalsha", "cmdstat_eval", "cmdstat_fcall"):
                microseconds += int(dict(pair.split("=") for pair in value.split(","))["usec"])
        return microseconds / 1e6
