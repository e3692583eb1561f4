#!/usr/bin/env bash
# Runs the tests (the arguments go to `swift test`) and shows their output, without the thousands of
# lines about tests that start. All output is kept in .build/test.log. The failures are listed again
# at the end.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C    # the output of a test may contain any bytes

log=.build/test.log
mkdir -p .build
echo "test: all output is kept in $log"

# Ctrl-C ends the tests; their last output is still shown.
swift test "$@" 2>&1 | (trap '' INT; tee "$log" | grep --line-buffered -avE '^◇ (Test case |.* started\.$)')
status=${PIPESTATUS[0]}
[ "$status" -ne 0 ] || exit 0

if grep -aqE '^[^ ]+ Test run with .* after ' "$log"; then
    echo "test: FAILED (at most 40 different lines of each kind; all output is in $log)"
    for kind in ' recorded an issue ' '^[^ ]+ Test ("|[^ ]+\().* failed after '; do
        grep -aE "$kind" "$log" | cut -b -400 | awk '!seen[$0]++' | head -n 40
    done
else
    echo "test: FAILED before the end of the run; the last output:"
    tail -n 20 "$log" | cut -b -400
fi
exit "$status"
