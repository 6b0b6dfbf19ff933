#!/usr/bin/env bash
# Shows Weft at work: real programs, each natively and in a VM of its own, and a short table of what was measured.
# Usage: ./demo.sh
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1

bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'
[ -t 1 ] || bold='' dim='' plain=''
readonly programs=$PWD/artifacts/e2e/programs
rows=()
wrong=0

title() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
shown() { printf '%s$ %s%s\n' "$dim" "$*" "$plain"; }

# now: microseconds, without starting a process.
now() { printf -v "$1" '%s' "${EPOCHREALTIME/./}"; }

# exits_of FILE: the total number of exits in a --stats file.
exits_of() {
    [ -r "$1" ] && tr -d ' \n' <"$1" | sed -n 's/.*"exits":{[^}]*"total":\([0-9]*\).*/\1/p'
}

# compare NAME COMMAND…: runs it natively and in a VM, shows the VM's output, notes times and whether all was the same.
compare() {
    local name=$1 start middle end nativeStatus vmStatus
    shift
    now start
    "$@" >"$work/native" 2>"$work/native-error"
    nativeStatus=$?
    now middle
    "$weft" run --stats "$work/stats" -- "$@" >"$work/vm" 2>"$work/vm-error"
    vmStatus=$?
    now end
    shown "weft run -- ${*/#$PWD\//}"
    head -n 6 "$work/vm"
    local verdict=same
    if [ "$nativeStatus" -ne "$vmStatus" ] || ! cmp -s "$work/native" "$work/vm"; then
        verdict=DIFFERS
        wrong=$((wrong + 1))
        head -n 3 "$work/vm-error"
    fi
    rows+=("$(printf '%-34s %9d ms %9d ms %9s  %s' "$name" $(((middle - start) / 1000)) $(((end - middle) / 1000)) \
        "$(exits_of "$work/stats")" "$verdict")")
}

# benchmark_redis COMMAND…: starts that server, prints the requests a second of GET and stops it.
benchmark_redis() {
    "$@" >"$work/redis-log" 2>&1 &
    local server=$! tries=0
    until redis-cli -p "$port" ping >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || break
        sleep 0.05
    done
    redis-benchmark -p "$port" -n 20000 -c 20 -P 4 -d 64 -t set,get --csv 2>/dev/null | sed -n 's/^"GET","\([0-9]*\).*/\1/p'
    redis-cli -p "$port" shutdown nosave >/dev/null 2>&1
    wait "$server" 2>/dev/null
}

build/setup.sh --demo || exit 1
./weft --version >/dev/null || exit 1 # builds what is missing or old
weft=${WEFT_BIN:-$PWD/artifacts/publish/Weft.Cli/release_linux-x64/weft}
if [ ! -w /dev/kvm ]; then
    echo "This demonstration needs /dev/kvm, and the right to open it." >&2
    exit 1
fi
make -s -C tests/programs OUT="$programs" "$programs"/{hello,hello-static,openmp,pthreads,exceptions} || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

title "An unmodified program in a virtual machine of its own"
compare "hello, dynamically linked" "$programs/hello"
compare "hello, static" "$programs/hello-static"

title "Threads, OpenMP, C++ exceptions"
compare "POSIX threads" "$programs/pthreads"
compare "OpenMP, four threads" "$programs/openmp"
compare "C++ exceptions across threads" "$programs/exceptions"

title "Python and SQLite, as the distribution ships them"
compare "Python" /usr/bin/python3 -c 'import sys, json, hashlib; print(json.dumps({"python": sys.version.split()[0], "sha": hashlib.sha256(b"weft").hexdigest()[:12]}))'
compare "Python, half the library" /usr/bin/python3 tests/programs/python/wide.py
compare "SQLite" sqlite3 :memory: 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT count(*), sum(i) FROM n;'

title "A server in a VM, its client outside"
port=$((20000 + RANDOM % 20000))
server=(redis-server --port "$port" --save '' --appendonly no --dir "$work")
shown "weft run -- ${server[*]}"
redisNative=$(benchmark_redis "${server[@]}")
redisVm=$(benchmark_redis "$weft" run -- "${server[@]}")
echo "redis-benchmark GET: ${redisNative:-none} requests a second natively, ${redisVm:-none} in a VM"
[ -n "$redisVm" ] || wrong=$((wrong + 1))

title "A VM that may not write, and one that sees one folder only"
shown "weft run --read-only -- touch $work/new"
"$weft" run --read-only -- touch "$work/new"
[ ! -e "$work/new" ] || wrong=$((wrong + 1))
mkdir "$work/room"
cp "$programs/hello-static" "$work/room/"
shown "weft run --root $work/room --network none -- /hello-static"
"$weft" run --root "$work/room" --network none -- /hello-static || wrong=$((wrong + 1))

title "Measured just now, one run each"
printf '%s%-34s %12s %12s %9s  %s%s\n' "$dim" "" "native" "in a VM" "exits" "output" "$plain"
printf '%s\n' "${rows[@]}"
printf '%-34s %7s /s    %7s /s\n' "redis GET requests" "${redisNative:-none}" "${redisVm:-none}"
printf '\n%d s in all. ./test.sh runs everything; ./weft run --help shows the options.\n' "$SECONDS"
[ "$wrong" -eq 0 ]
