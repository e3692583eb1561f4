#!/usr/bin/env bash
# Starts the debug binary, sends one request, stops it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/running.sh

start
# Repeats after a 503, which means that nothing was admitted, because a paused machine missed a
# deadline.
answer="$(curl --silent --max-time 5 --retry 5 --write-out ' %{http_code}' --json '{"function":"hello"}' \
    "http://$runner/v1/accounts/smoke/executions")" || fail "no answer from http://$runner"
[[ "$answer" == *'"grantedMs":10000'*' 201' ]] || fail "expected 201 and a grant of 10000 ms, got: $answer"
stop
echo "smoke: admitted ($answer) and stopped cleanly"
