#!/bin/sh
# Makes the passwords of docker-compose.yml, once: each into a volume that only those services see
# who need it. Run as root, before anybody else; a password that is there stays.
set -eu
umask 077

root=${1:-/secrets}

password() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

# keep FILE OWNER: what comes in, whole or not at all; from then on OWNER alone may read it.
keep() {
    cat >"$1.new"
    chown "$2" "$1.new"
    chmod 400 "$1.new"
    mv "$1.new" "$1"
}

# Redis reads its password as a line of its configuration, Stint as part of a URL.
redis=$root/redis/redis.conf
url=$root/stint/redis.url
if ! [ -s "$redis" ] || ! [ -s "$url" ]; then
    word=$(password)
    echo "redis://:$word@redis:6379" | keep "$url" "${STINT_USER:-7400}"
    echo "requirepass $word" | keep "$redis" "${REDIS_USER:-999}"
    echo "secrets: made a password for Redis"
fi

grafana=$root/grafana/password
if ! [ -s "$grafana" ]; then
    password | keep "$grafana" "${GRAFANA_USER:-472}"
    echo "secrets: made a password for Grafana; docker compose exec grafana cat /secrets/password shows it (user admin)"
fi
