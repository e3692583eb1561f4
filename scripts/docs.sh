#!/usr/bin/env bash
# Builds the documentation of the libraries into .build/docs, a folder of static pages, with the
# compiler and the `docc` of the toolchain. A warning is an error, for example a broken link or a
# parameter without a description.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C

fail() { echo "docs: $*" >&2; exit 1; }
docs=.build/docs
parts=.build/docs-parts
rm -rf "$docs" "$parts"
mkdir -p "$parts"

# This builds everything first, if there is no build.
swift package dump-symbol-graph --minimum-access-level public --skip-synthesized-members >"$parts/log" 2>&1 \
    || { tail -n 20 "$parts/log" >&2; fail "the build failed; all of its output is in $parts/log"; }
graphs="$(sed -n 's/^Files written to //p' "$parts/log")"

# Converts the module $1. It may link to the modules in the other arguments.
convert() {
    local module="$1" catalog="Sources/$1/Documentation.docc" arguments=()
    shift
    mkdir "$parts/$module"
    cp "$graphs/$module.symbols.json" "$parts/$module"
    if [ -d "$catalog" ]; then arguments+=("$catalog"); fi
    for other in "$@"; do arguments+=(--dependency "$parts/$other.doccarchive"); done
    docc convert "${arguments[@]}" --additional-symbol-graph-dir "$parts/$module" \
        --output-dir "$parts/$module.doccarchive" --enable-experimental-external-link-support \
        --fallback-display-name "$module" --fallback-default-module-kind Library --warnings-as-errors \
        >"$parts/log" || { cat "$parts/log" >&2; fail "$module has the errors above"; }
}

convert Accounting
convert WireFormat Accounting
convert StintClient WireFormat Accounting
docc merge "$parts"/*.doccarchive --output-path "$docs" --synthesized-landing-page-name Stint >/dev/null
echo "docs: $(find "$docs/data/documentation" -name '*.json' | wc -l) pages in $docs"
echo "docs: to read them at http://127.0.0.1:8000/documentation, type:"
echo "docs:   python3 -m http.server --bind 127.0.0.1 --directory $docs"
