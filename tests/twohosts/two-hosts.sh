#!/usr/bin/env bash
# Two hosts on one machine: network namespaces with a veth pair, a weftd in each, etcd beside the first. Needs root.
#   two-hosts.sh up            makes them (again)
#   two-hosts.sh on N CMD...   runs a command on host 1 or 2
#   two-hosts.sh cut | mend    takes the wire between them away, gives it back
#   two-hosts.sh start N       starts host N's weftd, after it was killed, say
#   two-hosts.sh down          ends and removes them
# For launchers of parallel programs: the file ssh in the state's folder runs "ssh 10.77.0.N CMD..." on host N, and
#   two-hosts.sh here CMD...   runs a command, on whichever host it is called, with that host's weftd.
# WEFTD names the daemon, ENGINE the engine's way to wait (poll, event, auto), WEFT_TWO_HOSTS the state's folder, WEFT_TWO_HOSTS_NAME
# what the namespaces' names begin with; TLS=1 protects links by certificates that are made for it, in the place of a shared key.
set -uo pipefail
script=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/two-hosts.sh
readonly script network=10.77.0
readonly state=${WEFT_TWO_HOSTS:-/tmp/weft-two-hosts} name=${WEFT_TWO_HOSTS_NAME:-weft}
readonly weftd=${WEFTD:-${script%/tests/*}/artifacts/publish/Weft.Host/release_linux-x64/weftd}

# A host has a name of its own, which launchers and libraries tell hosts by, and knows both names without asking a name server.
on() {
    local host=$1
    shift
    exec ip netns exec "$name$host" unshare --uts sh -c 'hostname "$1"; mount --bind "$2" /etc/hosts; shift 2; exec "$@"' - "weft$host" "$state/hosts" env XDG_RUNTIME_DIR="$state/$host" "$@"
}

start() {
    local proof=(--cluster-key "$state/key" --test-network "$network.0/24")
    [ -f "$state/authority.pem" ] && proof=(--tls-certificate "$state/$1.pem" --tls-key "$state/$1.key" --tls-authority "$state/authority.pem")
    (on "$1" "$weftd" --engine "${ENGINE:-auto}" --grace never --verbose --cluster "etcd://$network.1:2379" --listen "$network.$1" "${proof[@]}")
}

certify() {
    local host
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=authority -keyout "$state/authority.key" -out "$state/authority.pem" || return 1
    for host in 1 2; do
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=weft$host" -keyout "$state/$host.key" -out "$state/$host.request" \
            && openssl x509 -req -in "$state/$host.request" -CA "$state/authority.pem" -CAkey "$state/authority.key" -CAcreateserial -out "$state/$host.pem" \
            || return 1
    done
}

down() {
    local host
    for host in 1 2; do
        [ -d "$state/$host" ] && (on "$host" "$weftd" --stop --force) >"$state/stop.$host" 2>&1
    done
    [ -f "$state/etcd.pid" ] && kill "$(cat "$state/etcd.pid")" 2>/dev/null
    ip netns delete "${name}1" 2>/dev/null
    ip netns delete "${name}2" 2>/dev/null
    rm -rf "$state"
}

up() {
    local host
    down
    umask 077
    mkdir -p "$state/1" "$state/2"
    head -c 32 /dev/urandom >"$state/key"
    printf '127.0.0.1 localhost\n%s.1 weft1\n%s.2 weft2\n' "$network" "$network" >"$state/hosts"
    printf '#!/bin/sh\nexport WEFT_TWO_HOSTS=%s WEFT_TWO_HOSTS_NAME=%s\nexec %s agent "$@"\n' "$state" "$name" "$script" >"$state/ssh"
    chmod +x "$state/ssh"
    ip netns add "${name}1" && ip netns add "${name}2" || return 1
    ip link add weft1 netns "${name}1" type veth peer name weft2 netns "${name}2" || return 1
    for host in 1 2; do
        ip -n "$name$host" address add "$network.$host/24" dev "weft$host"
        ip -n "$name$host" link set lo up
        ip -n "$name$host" link set "weft$host" up
    done
    on 1 etcd --data-dir "$state/etcd" --listen-client-urls "http://$network.1:2379" --advertise-client-urls "http://$network.1:2379" \
        --listen-peer-urls http://127.0.0.1:2380 >"$state/etcd.log" 2>&1 &
    echo $! >"$state/etcd.pid"
    for _ in $(seq 100); do
        (on 1 bash -c "exec 3<>/dev/tcp/$network.1/2379") 2>/dev/null && break
        sleep 0.1
    done
    if [ -n "${TLS-}" ]; then
        certify 2>"$state/openssl.log" || { cat "$state/openssl.log" >&2; return 1; }
    fi
    start 1 && start 2
}

# What ssh would do: options, a host, and words for its shell.
agent() {
    while [ "${1#-}" != "$1" ]; do
        shift
    done
    local host=${1##*.}
    shift
    on "$host" sh -c "$*"
}

here() {
    local host=1
    [ -d /sys/class/net/weft2 ] && host=2
    exec env XDG_RUNTIME_DIR="$state/$host" "$@"
}

case ${1-} in
    up | down) "$1" ;;
    cut) ip -n "${name}1" link set weft1 down ;;
    mend) ip -n "${name}1" link set weft1 up ;;
    on | start | agent | here) "$@" ;;
    *) sed -n '2,12s/^# \?//p' "$0" >&2; exit 2 ;;
esac
