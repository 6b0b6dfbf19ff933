#!/usr/bin/env bash
# Measures the link between two hosts beside TCP over the same wire, and prints a table. Needs root, iperf3 and perftest; takes half a minute.
#   measure.sh [LINES]     LINES names perftest lines, one a word, with commas for spaces; the usual ones if none is given
# WEFT names the command-line tool; the rest is as for two-hosts.sh.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here hosts=$here/two-hosts.sh server=10.77.0.2
readonly weft=${WEFT:-${here%/tests/*}/artifacts/publish/Weft.Cli/release_linux-x64/weft}
work=$(mktemp -d)
readonly work
export WEFT_TWO_HOSTS=$work/state WEFT_TWO_HOSTS_NAME=wm$$h
trap '"$hosts" down; rm -rf "$work"' EXIT

row() { printf '%-44s %s\n' "$1" "$2"; }

tcp() {
    timeout 20 "$hosts" on 2 "$work/tcp_ping" serve $server 7000 8 & sleep 0.3
    row "TCP, both ends spinning, 8 B: half a round trip" "$(timeout 20 "$hosts" on 1 "$work/tcp_ping" $server 7000 8 20000 | awk '{ print $1 " us median, " $2 " mean" }')"
    wait
    timeout 20 "$hosts" on 2 iperf3 -s -1 -p 7100 >"$work/iperf" & sleep 0.5
    row "iperf3" "$(timeout 20 "$hosts" on 1 iperf3 -c $server -p 7100 -t 2 -f M | awk '/receiver/ { print $(NF - 2) " MiB/s" }')"
    wait
}

# Perftest's last line of numbers: latencies end in t_min t_max t_typical t_avg t_stdev and two percentiles, bandwidths in peak and average.
perftest() {
    timeout 30 "$hosts" on 2 "$weft" run --adapter -- "$@" >"$work/server" 2>&1 & sleep 0.7
    timeout 25 "$hosts" on 1 "$weft" run --adapter -- "$@" $server >"$work/client" 2>&1
    local numbers
    numbers=$(grep -E '^ +[0-9]+ +[0-9]+ +[0-9.]+' "$work/client" | tail -1)
    case $1 in
        *_lat) row "$*" "$(awk '{ print $5 " us typical, " $6 " mean" }' <<<"$numbers")" ;;
        *) row "$*" "$(awk '{ print $4 " MiB/s, " $5 " million messages a second" }' <<<"$numbers")" ;;
    esac
    wait
}

gcc -O2 -o "$work/tcp_ping" "$here/tcp_ping.c" && "$hosts" up || exit 1
tcp
[ $# -gt 0 ] || set -- ib_read_lat,-s,8,-n,5000 ib_write_lat,-s,8,-n,3000 ib_write_bw,-s,65536,-n,5000 ib_write_bw,-s,1048576,-n,500 ib_read_bw,-s,65536,-n,5000 \
    ib_write_bw,-s,64,-n,100000
for line in "$@"; do
    # shellcheck disable=SC2086
    perftest ${line//,/ } -F
done
