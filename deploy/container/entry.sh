#!/bin/sh
# The entry point of the image. In a container the service must listen beyond loopback, or
# `docker run -p` reaches nothing. So it requires tokens. If no tokens are configured, two are
# created in the data directory at the first start.
set -eu
umask 077

[ "${1:-}" = serve ] || exec stint "$@"

say() { echo "stint: $*" >&2; }

data=${STINT_DATA_DIR:-/data}

# The image's HEALTHCHECK reads the variables, but not the flags.
case " $* " in
*" --admin-address"*)
    say "--admin-address: the image's HEALTHCHECK cannot see a flag. Use the variable: -e STINT_ADMIN_ADDRESS=HOST:PORT"
    exit 2
    ;;
esac

owner=$(stat -c %u "$data" 2>/dev/null || id -u)
if [ "$owner" != "$(id -u)" ]; then
    say "$data belongs to user $owner, but Stint runs as $(id -u) here (an older image had another user). Type, for a directory of the host:"
    say "  sudo chown -R $(id -u) DIRECTORY; for a volume: docker run --rm --user 0 -v stint:$data --entrypoint chown stint -R $(id -u) $data"
fi

case " $* " in
*" --security-tokens "* | *" --security-tokens="* | *" --config "* | *" --config="*) brings_tokens=yes ;;
*) brings_tokens=${STINT_SECURITY_TOKENS:-${STINT_CONFIG:-}} ;;
esac

if [ -z "$brings_tokens" ]; then
    if ! [ -e "$data/tokens" ]; then
        # Creates all files in a new directory first, and moves the file of digests last. So a start
        # that is interrupted starts again.
        new=$(mktemp -d "$data/new-tokens.XXXXXX") || {
            say "cannot write in $data. Add a volume: -v stint:$data (a directory of the host must belong to user $(id -u))"
            exit 1
        }
        trap 'rm -rf "$new"' EXIT
        for scope in admin runner; do
            stint token create --name "$scope" --scope "$scope" --file "$new/tokens" >"$new/$scope.token" 2>"$new/said" || {
                cat "$new/said" >&2
                say "cannot create the token $scope in $data"
                exit 1
            }
            mv "$new/$scope.token" "$data/$scope.token"
        done
        mv "$new/tokens" "$data/tokens"
        rm -rf "$new"
        trap - EXIT
        say "created two tokens, in $data/admin.token and $data/runner.token; docker exec CONTAINER cat $data/runner.token shows one"
    fi
    export STINT_SECURITY_TOKENS="$data/tokens"
fi

if [ -z "${STINT_TLS_CERTIFICATE:-}${STINT_SECURITY_PLAINTEXT:-}${STINT_CONFIG:-}" ]; then
    case " $* " in
    *" --tls-certificate"* | *" --security-plaintext"* | *" --config"*) ;;
    *)
        export STINT_SECURITY_PLAINTEXT=true
        say "serving without TLS: publish the ports on this machine only (-p 127.0.0.1:7400:7400), or set STINT_TLS_CERTIFICATE and STINT_TLS_KEY"
        ;;
    esac
fi

exec stint "$@"
