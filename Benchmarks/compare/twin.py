"""Our own script as redis-benchmark can call it: the text of the ledger's Lua files, in the ledger's order, behind the
prologue of peers/text-twin.lua."""

import http.client
import json
import os
import re
import struct

import resp
from machine import Failure
from servers import EXECUTION_MS, EXECUTIONS, PEERS, WIDE_EXECUTION_MS, WIDE_EXECUTIONS

ASK_MS = 100


def packed(executions, execution_ms):
    """What LedgerCall.swift writes for one admission of 100 ms with an id made for it, under a plan of two limits in one
    window of 60 s in 60 cells. Scripts/page.lua says what the bytes mean."""
    counts = struct.pack("<BBH", 1, 2, 1)
    window = struct.pack("<IH", 60_000, 60)
    limits = struct.pack("<BBdBBd", 1, 1, execution_ms, 1, 0, executions)
    question = struct.pack("<Bdd", 1, ASK_MS, ASK_MS)
    return counts + window + limits + question


def prologue(wide=False):
    """`wide`: under limits that nobody reaches."""
    data = packed(WIDE_EXECUTIONS, WIDE_EXECUTION_MS) if wide else packed(EXECUTIONS, EXECUTION_MS)
    with open(os.path.join(PEERS, "text-twin.lua")) as file:
        return file.read().replace("@PACKED@", "".join(f"\\{byte:03d}" for byte in data))


def text(repository, wide=False):
    """The twin's text, from the sources of the service."""
    folder = os.path.join(repository, "Sources", "RedisLedger")
    with open(os.path.join(folder, "LedgerScript.swift")) as file:
        names = re.findall(r"PackageResources\.(\w+)_lua", file.read())
    if not names:
        raise Failure("LedgerScript.swift names no Lua files; twin.py reads them from there")
    parts = [prologue(wide)]
    for name in names:
        with open(os.path.join(folder, "Scripts", f"{name}.lua")) as file:
            parts.append(file.read())
    return "\n".join(parts)


def command(digest, account):
    """One admission. redis-benchmark draws the id, and the account where its name says so."""
    return ["EVALSHA", digest, 1, account, "__rand_int____rand_int__"]


def check(digest, twins_redis, stint):
    """Admits once through each and compares what they leave in Redis: the same keys, types and sizes.

    Raises when they differ: then peers/text-twin.lua does not say any more what the service says.
    """
    account = "twin-check"
    body = json.dumps({"id": "000000000001000000000002", "maxDurationMs": ASK_MS})
    connection = http.client.HTTPConnection("127.0.0.1", stint.port, timeout=10)
    connection.request("POST", f"/v1/accounts/{account}/executions", body, {"Content-Type": "application/json"})
    status = connection.getresponse().status
    connection.close()
    if status != 201:
        raise Failure(f"the service answered {status} to its first admission")
    redis = resp.Redis(twins_redis)
    redis.call("EVALSHA", digest, 1, account, "000000000001000000000002")
    redis.close()
    ours, theirs = _left_behind(stint.redis, account), _left_behind(twins_redis, account)
    if ours != theirs:
        raise Failure(f"peers/text-twin.lua is not our script any more: the service leaves {ours}, the twin {theirs}")


def _left_behind(path, account):
    redis = resp.Redis(path)
    found = [(key.decode(), redis.call("TYPE", key).decode(), redis.call("MEMORY", "USAGE", key))
             for key in redis.keys(f"*{{{account}}}*")]
    redis.close()
    return found
