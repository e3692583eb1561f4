#!/usr/bin/env bash
# Holds what SwiftPM resolved against scripts/versions.txt: every package, those that only other
# packages ask for among them. Package.swift pins our own exactly; theirs would float.
# `versions.sh write` writes the list anew. Package.resolved itself is not in the repository: it
# also names revisions, and a mirror of a package has others.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C

list=scripts/versions.txt
[ -f Package.resolved ] || swift package resolve >/dev/null
resolved="$(sed -nE 's/^ *"(identity|version)" : "([^"]*)".*/\2/p' Package.resolved | paste -d ' ' - - | sort)"
[ -n "$resolved" ] || { echo "versions: nothing is pinned in Package.resolved" >&2; exit 1; }

if [ "${1:-}" = write ]; then
    echo "$resolved" >"$list"
    echo "versions: wrote $(wc -l <"$list") packages to $list"
    exit
fi
if ! changed="$(diff "$list" <(echo "$resolved"))"; then
    echo "versions: $list (<) and what SwiftPM resolved (>) differ:" >&2
    echo "$changed" | grep '^[<>]' >&2
    echo "versions: to take the new ones, read their changes, run the tests and type: scripts/versions.sh write" >&2
    exit 1
fi
echo "versions: all $(wc -l <"$list") packages are those of $list"
