#!/usr/bin/env bash
# Holds what SwiftPM resolves against scripts/versions.txt: every package, those that only other
# packages ask for among them. Package.swift names all of them exactly, so what differs is a package
# that is new, or a version that was raised there. `versions.sh write` writes the list anew.
# Package.resolved itself is not in the repository: it also names revisions, and a mirror of a
# package has others.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C

list=scripts/versions.txt
fail() { echo "versions: $*" >&2; exit 1; }

# What is there may be of an older Package.swift.
echo "versions: resolving packages, which fetches those that are not here"
swift package resolve --quiet >/dev/null || fail "swift package resolve failed"
resolved="$(sed -nE 's/^ *"(identity|version)" : "([^"]*)".*/\2/p' Package.resolved | paste -d ' ' - - | sort)"
[ -n "$resolved" ] || fail "nothing is pinned in Package.resolved"

# The benchmarks are a package of their own, which names some of them again.
while read -r name version; do
    listed="$(sed -n "s/^$name //p" <<<"$resolved")"
    [ -z "$listed" ] || [ "$listed" = "$version" ] \
        || fail "Benchmarks/Package.swift names $name $version, Package.swift $listed. Change the one that is wrong"
done < <(sed -nE 's|.*/([^/"]+)", exact: "([^"]+)".*|\1 \2|p' Benchmarks/Package.swift)

if [ "${1:-}" = write ]; then
    echo "$resolved" >"$list"
    echo "versions: wrote $(wc -l <"$list") packages to $list"
    exit
fi
if ! changed="$(diff "$list" <(echo "$resolved"))"; then
    echo "versions: $list (<) and what SwiftPM resolved (>) differ:" >&2
    echo "$changed" | grep '^[<>]' >&2
    echo "versions: a package that Package.swift does not name belongs there, with its version." >&2
    fail "to take the new ones, read their changes, run the tests and type: scripts/versions.sh write"
fi
echo "versions: all $(wc -l <"$list") packages are those of $list"
