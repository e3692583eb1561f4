#!/usr/bin/env bash
# Starts the debug binary as a stranger would (embedded Redis, an empty directory), asks it once, stops it.
set -euo pipefail

data="$(mktemp -d)"
: >"$data/log"
stint="$(swift build --show-bin-path)/stint"

fail() { echo "smoke: $*" >&2; sed 's/^/smoke: log: /' "$data/log" >&2; exit 1; }
# Where it serves what, from the line at its start: the system chose free ports.
address() { sed -nE "s/.* $1=(127\.0\.0\.1:[0-9]+) .*stint serves\$/\1/p" "$data/log"; }
running() { kill -0 "$pid" 2>/dev/null; }
finish() {
    if running; then kill -TERM "$pid"; fi
    for _ in $(seq 100); do running || break; sleep 0.2; done
    if running; then kill -KILL "$pid"; fi
    rm -rf "$data"
}

"$stint" serve --runner-address 127.0.0.1:0 --admin-address 127.0.0.1:0 --data-dir "$data/ledger" 2>"$data/log" &
pid=$!
trap finish EXIT

ready=no
for _ in $(seq 150); do
    running || fail "it stopped before it was ready"
    admin="$(address admin)"
    if [ -n "$admin" ] && curl --silent --fail --max-time 5 --output /dev/null "http://$admin/readyz"; then
        ready=yes
        break
    fi
    sleep 0.2
done
[ "$ready" = yes ] || fail "not ready within 30 s"

runner="$(address runners)"
# A 503 says that nothing was admitted: a machine that stood still missed a deadline.
answer="$(curl --silent --max-time 5 --retry 5 --write-out ' %{http_code}' --json '{"function":"hello"}' \
    "http://$runner/v1/accounts/smoke/executions")" || fail "no answer from http://$runner"
[[ "$answer" == *'"grantedMs":10000'*' 201' ]] || fail "expected 201 and a grant of 10000 ms, got: $answer"

kill -TERM "$pid"
wait "$pid" || fail "SIGTERM: it stopped with exit code $?"
echo "smoke: admitted ($answer) and stopped cleanly"
