#!/usr/bin/env bash
# Runs `swift build` with these arguments and shows the progress instead of each file: on a terminal
# in one line, elsewhere once per tenth. Messages of the compiler are shown as they come; all output
# is kept in .build/build.log.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C

log=.build/build.log
mkdir -p .build
tenth=0
last=0

progress() { # step, steps
    local text
    # The count starts again with each part of a build: plugins, then the targets. `steps` may grow.
    if [ "$1" -lt "$last" ]; then tenth=0; fi
    last=$1
    text="build: step $1 of $2, $((100 * $1 / $2)) %, after $((SECONDS / 60)) min $((SECONDS % 60)) s"
    if [ -t 1 ]; then
        printf '\r\033[K%s' "$text"
    elif [ "$2" -ge 10 ] && [ $((10 * $1 / $2)) -gt "$tenth" ]; then
        tenth=$((10 * $1 / $2))
        echo "$text"
    fi
}

# Ctrl-C ends the build; its last output is still shown.
swift build "$@" 2>&1 | (
    trap '' INT
    tee "$log" | while IFS= read -r line; do
        if [[ "$line" =~ ^\[([0-9]+)/([0-9]+)\] ]]; then
            progress "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
        elif [[ "$line" =~ ^(warning:.*unhandled|[[:space:]]+/.*/checkouts/.*/CMakeLists.txt$) ]]; then
            : # files of other packages that are not sources
        else
            if [ -t 1 ]; then printf '\r\033[K'; fi
            printf '%s\n' "$line"
        fi
    done
)
exit "${PIPESTATUS[0]}"
