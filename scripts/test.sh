#!/usr/bin/env bash
# Runs the tests (the arguments go to `swift test`) and shows what they print, without the thousands
# of lines about what has only begun. All of it is kept in .build/test.log. What failed is listed
# once more at the end, where nobody overlooks it.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C    # what a test prints need not be text

log=.build/test.log
mkdir -p .build
echo "test: all that is printed is kept in $log"

# Ctrl-C ends the tests; what they say then is still shown.
swift test "$@" 2>&1 | (trap '' INT; tee "$log" | grep --line-buffered -avE '^◇ (Test case |.* started\.$)')
status=${PIPESTATUS[0]}
[ "$status" -ne 0 ] || exit 0

if grep -aqE '^[^ ]+ Test run with .* after ' "$log"; then
    echo "test: FAILED (at most 40 lines of each kind, and none twice; all is in $log)"
    for kind in ' recorded an issue ' '^[^ ]+ Test ("|[^ ]+\().* failed after '; do
        grep -aE "$kind" "$log" | cut -b -400 | awk '!seen[$0]++' | head -n 40
    done
else
    echo "test: FAILED before the end of the run; the last that was printed:"
    tail -n 20 "$log" | cut -b -400
fi
exit "$status"
