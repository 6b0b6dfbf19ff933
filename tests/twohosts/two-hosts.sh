#!/usr/bin/env bash
# Two hosts on one machine: network namespaces with a veth pair, a weftd in each, etcd beside the first. Needs root.
#   two-hosts.sh up            makes them (again)
#   two-hosts.sh on N CMD...   runs a command on host 1 or 2
#   two-hosts.sh down          ends and removes them
# WEFT and WEFTD name the binaries, ENGINE the engine's way to wait (poll, event, auto).
set -uo pipefail
readonly state=${WEFT_TWO_HOSTS:-/tmp/weft-two-hosts} network=10.77.0
readonly weftd=${WEFTD:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/artifacts/publish/Weft.Host/release_linux-x64/weftd}

on() {
    local host=$1
    shift
    ip netns exec "weft$host" env XDG_RUNTIME_DIR="$state/$host" "$@"
}

down() {
    local host
    for host in 1 2; do
        [ -d "$state/$host" ] && on "$host" "$weftd" --stop --force >"$state/stop.$host" 2>&1
    done
    [ -f "$state/etcd.pid" ] && kill "$(cat "$state/etcd.pid")" 2>/dev/null
    ip netns delete weft1 2>/dev/null
    ip netns delete weft2 2>/dev/null
    rm -rf "$state"
}

up() {
    local host
    down
    umask 077
    mkdir -p "$state/1" "$state/2"
    head -c 32 /dev/urandom >"$state/key"
    ip netns add weft1 && ip netns add weft2 || return 1
    ip link add weft1 netns weft1 type veth peer name weft2 netns weft2 || return 1
    for host in 1 2; do
        ip -n "weft$host" address add "$network.$host/24" dev "weft$host"
        ip -n "weft$host" link set lo up
        ip -n "weft$host" link set "weft$host" up
    done
    on 1 etcd --data-dir "$state/etcd" --listen-client-urls "http://$network.1:2379" --advertise-client-urls "http://$network.1:2379" \
        --listen-peer-urls http://127.0.0.1:2380 >"$state/etcd.log" 2>&1 &
    echo $! >"$state/etcd.pid"
    for _ in $(seq 100); do
        on 1 bash -c "exec 3<>/dev/tcp/$network.1/2379" 2>/dev/null && break
        sleep 0.1
    done
    for host in 1 2; do
        on "$host" "$weftd" --engine "${ENGINE:-auto}" --grace never --verbose --cluster "etcd://$network.1:2379" --listen "$network.$host" \
            --cluster-key "$state/key" --test-network "$network.0/24" || return 1
    done
}

case ${1-} in
    up | down) "$1" ;;
    on) shift; on "$@" ;;
    *) sed -n '2,7s/^# \?//p' "$0" >&2; exit 2 ;;
esac
