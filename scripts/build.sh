#!/usr/bin/env bash
# `swift build` with these arguments, which says how far it is instead of naming each file: on a
# terminal in one line, elsewhere once for each tenth. What the compiler has to say is shown as it
# comes; all of it is kept in .build/build.log.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C

log=.build/build.log
mkdir -p .build
tenth=0
last=0

progress() { # step, steps
    local text
    # Each part of a build counts anew: plugins, then what was asked for. `steps` may grow.
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

# Ctrl-C ends the build; what it says then is still shown.
swift build "$@" 2>&1 | (
    trap '' INT
    tee "$log" | while IFS= read -r line; do
        if [[ "$line" =~ ^\[([0-9]+)/([0-9]+)\] ]]; then
            progress "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
        elif [[ "$line" =~ ^(warning:.*unhandled|[[:space:]]+/.*/checkouts/.*/CMakeLists.txt$) ]]; then
            : # files of other packages that are no sources
        else
            if [ -t 1 ]; then printf '\r\033[K'; fi
            printf '%s\n' "$line"
        fi
    done
)
exit "${PIPESTATUS[0]}"
