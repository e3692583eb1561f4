#!/usr/bin/env bash
# Tests the debug binary against its own documents: schemathesis reads /openapi.json and sends
# generated requests to both APIs (with a fixed seed, so every run sends the same), promtool reads
# /metrics and the alert rules. `scripts/deps.sh ci` installs both.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

schemathesis="$PWD/.build/schemathesis/bin/schemathesis"
[ -x "$schemathesis" ] || { echo "conformance: missing schemathesis. Type: scripts/deps.sh ci" >&2; exit 1; }
. scripts/running.sh

# Deadlines that a busy machine keeps: a 503 would be correct, but would test nothing.
start --redis-connect-deadline-ms 5000 --redis-command-deadline-ms 5000
curl --silent --fail --max-time 5 --output "$data/openapi.json" "http://$admin/openapi.json" || fail "no /openapi.json"

# A request with several errors may be rejected for any of them: with 412, for example.
printf '[checks]\nnegative_data_rejection.expected-statuses = ["4xx"]\n' >"$data/schemathesis.toml"
# The checks are described at https://schemathesis.readthedocs.io. Left out: that valid requests
# succeed, because a valid ask may be over its limit; the checks of tokens; and Allow, because one
# path of the document may belong to both APIs.
checks=not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance
checks+=,response_schema_conformance,negative_data_rejection,unsupported_method
checks+=,use_after_free,ensure_resource_availability
# /v1/live never ends by itself; its tests are Tests/EndToEndTests/LiveTests.swift.
conform() { # API, address, then further arguments of schemathesis
    echo "conformance: schemathesis tests the $1 API"
    (cd "$data" && "$schemathesis" run openapi.json --url "http://$2" --include-tag "$1" --exclude-path /v1/live \
        --checks "$checks" --phases examples,coverage,fuzzing,stateful --max-examples 100 --seed 7401 --workers 1 \
        --request-timeout 10 --suppress-health-check all --generation-database none --no-color --warnings off "${@:3}") \
        || fail "the $1 API differs from /openapi.json"
}
conform runner "$runner"
conform admin "$admin" --exclude-path /v1/default-plan
# This path has no GET, and a GET with a body gets 413 before its route is looked up.
conform admin "$admin" --include-path /v1/default-plan --exclude-checks unsupported_method

curl --silent --fail --max-time 5 "http://$admin/metrics" | promtool check metrics || fail "promtool rejects /metrics"
"${schemathesis%/*}/python" - docker-compose.yml deploy/grafana/provisioning/*/*.yml <<'EOF' || fail "a file is not valid YAML"
import sys, yaml
for name in sys.argv[1:]:
    assert isinstance(yaml.safe_load(open(name)), dict), name
EOF
promtool check rules deploy/prometheus/alerts.yml || fail "promtool rejects deploy/prometheus/alerts.yml"
promtool check config --syntax-only deploy/prometheus/prometheus.yml || fail "promtool rejects prometheus.yml"

stop
echo "conformance: both APIs conform to /openapi.json; /metrics and the alerts are valid"
