#!/bin/sh
# Creates the passwords of docker-compose.yml once, each in a volume that only the services that
# need it can see. Runs as root, before all other services. An existing password stays.
set -eu
umask 077

root=${1:-/secrets}

password() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

# keep FILE OWNER: writes the standard input to FILE in one step; only OWNER may read FILE.
keep() {
    cat >"$1.new"
    chown "$2" "$1.new"
    chmod 400 "$1.new"
    mv "$1.new" "$1"
}

# Redis reads its password from a line of its configuration, Stint from a URL.
redis=$root/redis/redis.conf
url=$root/stint/redis.url
if ! [ -s "$redis" ] || ! [ -s "$url" ]; then
    word=$(password)
    echo "redis://:$word@redis:6379" | keep "$url" "${STINT_USER:-7400}"
    echo "requirepass $word" | keep "$redis" "${REDIS_USER:-999}"
    echo "secrets: created a password for Redis"
fi

grafana=$root/grafana/password
if ! [ -s "$grafana" ]; then
    password | keep "$grafana" "${GRAFANA_USER:-472}"
    echo "secrets: created a password for Grafana; docker compose exec grafana cat /secrets/password shows it (user admin)"
fi
