# For scripts that source this: runs the debug binary as a new user would, with an embedded Redis,
# in an empty directory, on ports that the system chooses. `start FLAG...` returns when it is ready
# and sets $admin, $runner (HOST:PORT) and $data, a directory to use. `stop` ends it and checks its
# exit code. At the end of the script no process is left running.

name="$(basename "$0" .sh)"
data="$(mktemp -d)"
pid=
: >"$data/log"

fail() { echo "$name: $*" >&2; tail -n 20 "$data/log" | sed "s/^/$name: log: /" >&2; exit 1; }
running() { [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; }
finish() {
    if running; then kill -TERM "$pid"; fi
    for _ in $(seq 100); do running || break; sleep 0.2; done
    if running; then kill -KILL "$pid"; fi
    rm -rf "$data"
}
trap finish EXIT

# An address of the service, from the log line at its start.
address() { sed -nE "s/.* $1=(127\.0\.0\.1:[0-9]+) .*stint serves\$/\1/p" "$data/log"; }

start() {
    "$(swift build --show-bin-path)/stint" serve --runner-address 127.0.0.1:0 --admin-address 127.0.0.1:0 \
        --data-dir "$data/ledger" "$@" 2>"$data/log" &
    pid=$!
    for _ in $(seq 150); do
        running || fail "it stopped before it was ready"
        admin="$(address admin)"
        runner="$(address runners)"
        if [ -n "$admin" ] && curl --silent --fail --max-time 5 --output /dev/null "http://$admin/readyz"; then
            return
        fi
        sleep 0.2
    done
    fail "not ready within 30 s"
}

stop() {
    kill -TERM "$pid"
    wait "$pid" || fail "SIGTERM: it stopped with exit code $?"
}
