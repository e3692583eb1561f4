"""Our own script as redis-benchmark can call it: the *text twin*.

redis-benchmark cannot send NUL bytes, and the service packs its arguments. So the service is watched (MONITOR) while it
loads its script and admits one execution. The twin is the script's text as it was sent, behind a prologue that makes the
arguments as they were sent, with the account's name and the execution's id taken from redis-benchmark's instead. Nothing
here knows what the arguments mean.
"""

import http.client
import json
import re
from dataclasses import dataclass

import resp
from machine import Failure

ASK_MS = 100
# The account that is watched; all that the twin is called with have names as long as this one's.
WATCHED = "acct-000000000001"
UNIFORM_ACCOUNT = "acct-__rand_int__"
ID = "__rand_int____rand_int__"


@dataclass
class Twin:
    script: str
    # Lua that shadows KEYS and ARGV with what the service would have sent.
    prologue: str

    @property
    def text(self):
        return self.prologue + self.script


def one_account(name):
    """A name for one hot account."""
    return name.ljust(len(WATCHED), "-")


def command(digest, account):
    """One admission under the plan of the service that was watched."""
    return ["EVALSHA", digest, 1, account, ID]


def watch(stint):
    """The twin of what `stint`, a server with a Redis of its own, sends for an admission."""
    asking, watching = resp.Redis(stint.redis), resp.Redis(stint.redis)
    asking.call("SCRIPT", "FLUSH")  # So that the service has to send the text.
    watching.call("MONITOR")
    _admit(stint, "acct-000000000000")
    made_id = _admit(stint, WATCHED)["id"]
    asking.call("ECHO", "watched")
    commands = list(_commands(watching))
    asking.close()
    watching.close()

    texts = [words[1] for words in commands if words[0].upper() == b"EVAL"]
    texts += [words[2] for words in commands if [word.upper() for word in words[:2]] == [b"SCRIPT", b"LOAD"]]
    calls = [words for words in commands if words[0].upper() == b"EVALSHA"
             and any(WATCHED.encode() in word for word in words)]
    if not texts or len(calls) != 1:
        raise Failure(f"the service sent {len(texts)} scripts and {len(calls)} calls where twin.py expects one of each")
    count = int(calls[0][2])
    keys, values = calls[0][3:3 + count], calls[0][3 + count:]
    return Twin(texts[0].decode(), "\n".join([
        "local account, id = KEYS[1], ARGV[1]",
        f"local KEYS = {{ {', '.join(_expression(key, made_id) for key in keys)} }}",
        f"local ARGV = {{ {', '.join(_expression(value, made_id) for value in values)} }}",
        ""]))


def _commands(watching):
    """The commands that clients sent, as lists of bytes, until the ECHO."""
    while True:
        line = watching.read()
        words = [_unquoted(word) for word in re.findall(rb'"((?:[^"\\]|\\.)*)"', line)]
        if words[0].upper() == b"ECHO":
            return
        if not re.match(rb"[\d.]+ \[\d+ lua\]", line):
            yield words


def _unquoted(text):
    """MONITOR's text between quotes as the bytes that it stands for."""
    plain = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b"}
    return re.sub(rb"\\(x[0-9a-f]{2}|.)", lambda match: bytes([int(match[1][1:], 16)]) if len(match[1]) == 3
                  else plain.get(match[1], match[1]), text, flags=re.DOTALL)


def _expression(argument, made_id):
    """Lua that makes this argument for the account and the id at hand."""
    if argument == made_id.encode():
        return "id"
    if made_id.encode() in argument:
        raise Failure("the service sends the id inside a longer argument, which twin.py cannot imitate")
    pieces = [_literal(piece) if piece else "" for piece in argument.split(WATCHED.encode())]
    parts = [part for piece in pieces for part in ("account", piece)][1:]
    return " .. ".join(part for part in parts if part) or "''"


def _literal(data):
    """Lua's decimal escapes, which have no special characters."""
    return "'" + "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"\\{byte:03d}" for byte in data) + "'"


def _admit(stint, account, execution=None):
    """The service's answer to one admission; it makes the id unless one is given."""
    body = {"maxDurationMs": ASK_MS, **({"id": execution} if execution else {})}
    connection = http.client.HTTPConnection("127.0.0.1", stint.port, timeout=10)
    connection.request("POST", f"/v1/accounts/{account}/executions", json.dumps(body),
                       {"Content-Type": "application/json"})
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    if response.status != 201:
        raise Failure(f"the service answered its first admissions with {response.status}: {text}")
    return json.loads(text)


def check(digest, twins_redis, stint):
    """Admits once through each and compares what they leave in Redis: the same keys, types and sizes. The rollups, which the
    service writes behind its requests, are none of the script's.

    Raises when they differ: then the twin does not do what the service does.
    """
    account, execution = one_account("check"), "0" * 24
    _admit(stint, account, execution)
    redis = resp.Redis(twins_redis)
    redis.call("EVALSHA", digest, 1, account, execution)
    redis.close()
    ours, theirs = _left_behind(stint.redis, account), _left_behind(twins_redis, account)
    if not ours or ours != theirs:
        raise Failure(f"the twin is not our script: the service leaves {ours}, the twin {theirs}")


def _left_behind(path, account):
    redis = resp.Redis(path)
    found = [(key.decode(), redis.call("TYPE", key).decode(), redis.call("MEMORY", "USAGE", key))
             for key in redis.keys(f"*{{{account}}}*") if b"}:u:" not in key and b"}:d:" not in key]
    redis.close()
    return found
