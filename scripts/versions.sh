#!/usr/bin/env bash
# Compares the packages that SwiftPM resolves with scripts/versions.txt, including dependencies of
# dependencies. Package.swift names an exact version of each, so a difference is a new package or a
# raised version there. `versions.sh write` replaces the list. Package.resolved itself is not in the
# repository, because it also names revisions, which differ in a mirror of a package.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C

list=scripts/versions.txt
fail() { echo "versions: $*" >&2; exit 1; }

# An existing Package.resolved may belong to an older Package.swift.
echo "versions: resolving packages, which fetches the missing ones"
swift package resolve --quiet >/dev/null || fail "swift package resolve failed"
resolved="$(sed -nE 's/^ *"(identity|version)" : "([^"]*)".*/\2/p' Package.resolved | paste -d ' ' - - | sort)"
[ -n "$resolved" ] || fail "nothing is pinned in Package.resolved"

# The benchmarks are a separate package, which names some of the packages again.
while read -r name version; do
    listed="$(sed -n "s/^$name //p" <<<"$resolved")"
    [ -z "$listed" ] || [ "$listed" = "$version" ] \
        || fail "Benchmarks/Package.swift names $name $version, Package.swift $listed. Change one of the two"
done < <(sed -nE 's|.*/([^/"]+)", exact: "([^"]+)".*|\1 \2|p' Benchmarks/Package.swift)

if [ "${1:-}" = write ]; then
    echo "$resolved" >"$list"
    echo "versions: wrote $(wc -l <"$list") packages to $list"
    exit
fi
if ! changed="$(diff "$list" <(echo "$resolved"))"; then
    echo "versions: $list (<) and what SwiftPM resolved (>) differ:" >&2
    echo "$changed" | grep '^[<>]' >&2
    echo "versions: add every package that Package.swift does not name to it, with its version." >&2
    fail "to accept the new ones, read their changes, run the tests and type: scripts/versions.sh write"
fi
echo "versions: all $(wc -l <"$list") packages match $list"
