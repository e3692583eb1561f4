#!/usr/bin/env bash
# Asks the debug binary whether it keeps to what it says of itself: schemathesis reads /openapi.json
# and asks both APIs what nobody would (a fixed seed, so every run asks the same), promtool reads
# /metrics and the alert rules. `scripts/deps.sh ci` installs both.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

schemathesis="$PWD/.build/schemathesis/bin/schemathesis"
[ -x "$schemathesis" ] || { echo "conformance: no schemathesis. Type: scripts/deps.sh ci" >&2; exit 1; }
. scripts/running.sh

# Deadlines that a busy machine keeps: a 503 would be right, and tell nothing of the rest.
start --redis-connect-deadline-ms 5000 --redis-command-deadline-ms 5000
curl --silent --fail --max-time 5 --output "$data/openapi.json" "http://$admin/openapi.json" || fail "no /openapi.json"

# Whatever is wrong with a request first may be what it is refused for: 412, for example.
printf '[checks]\nnegative_data_rejection.expected-statuses = ["4xx"]\n' >"$data/schemathesis.toml"
# What each check is about: https://schemathesis.readthedocs.io. Left out: whether what is good is
# taken, because a good ask may be over its limit; what needs tokens; and Allow, because one path of
# the document may be of both APIs.
checks=not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance
checks+=,response_schema_conformance,negative_data_rejection,unsupported_method
checks+=,use_after_free,ensure_resource_availability
# /v1/live never ends by itself; its tests are Tests/EndToEndTests/LiveTests.swift.
conform() { # API, address, then what schemathesis is told beside the rest
    echo "conformance: schemathesis asks the $1 API"
    (cd "$data" && "$schemathesis" run openapi.json --url "http://$2" --include-tag "$1" --exclude-path /v1/live \
        --checks "$checks" --phases examples,coverage,fuzzing,stateful --max-examples 100 --seed 7401 --workers 1 \
        --request-timeout 10 --suppress-health-check all --generation-database none --no-color --warnings off "${@:3}") \
        || fail "the $1 API does not keep to /openapi.json"
}
conform runner "$runner"
conform admin "$admin" --exclude-path /v1/default-plan
# This path has no GET, and a GET with a body is 413 before its route is looked for.
conform admin "$admin" --include-path /v1/default-plan --exclude-checks unsupported_method

curl --silent --fail --max-time 5 "http://$admin/metrics" | promtool check metrics || fail "promtool refuses /metrics"
"${schemathesis%/*}/python" - docker-compose.yml deploy/grafana/provisioning/*/*.yml <<'EOF' || fail "a file is no YAML"
import sys, yaml
for name in sys.argv[1:]:
    assert isinstance(yaml.safe_load(open(name)), dict), name
EOF
promtool check rules deploy/prometheus/alerts.yml || fail "promtool refuses deploy/prometheus/alerts.yml"
promtool check config --syntax-only deploy/prometheus/prometheus.yml || fail "promtool refuses prometheus.yml"

stop
echo "conformance: both APIs keep to /openapi.json; /metrics and the alerts are good"
