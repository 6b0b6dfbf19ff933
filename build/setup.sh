#!/usr/bin/env bash
# Installs what Weft's build and tests need, and only what is missing.
# Usage: build/setup.sh [--bench] [--build-only | --demo] [--list]
#   --bench       also what the benchmarks compare against (runsc)
#   --build-only  only what building the command-line tool needs
#   --demo        only what building and demo.sh need
#   --list        print what is missing, install nothing
# Runs again and again without harm; when nothing is missing it neither touches the network nor needs root.
set -euo pipefail

# "probe package…": the probe is a command, a file or a glob that is there once the packages are.
readonly forBuild=(
    "gcc gcc libc6-dev"
    "/usr/include/zlib.h zlib1g-dev"
)
readonly forDemo=(
    "make make"
    "/usr/bin/python3 python3"
    "sqlite3 sqlite3"
    "redis-server redis-server"
    "redis-benchmark redis-tools"
)
readonly forTests=(
    "g++ g++"
    "gfortran gfortran"
    "make make"
    "/usr/bin/python3.11 python3.11"
    "/usr/lib/python3.11/test/test_math.py libpython3.11-testsuite"
    "sqlite3 sqlite3"
    "/usr/lib/python3/dist-packages/numpy/__init__.py python3-numpy libopenblas0-pthread"
    "perl perl"
    "/usr/share/perl/5*/Test/More.pm perl-modules-5.36"
    "node nodejs"
    "redis-server redis-server"
    "redis-benchmark redis-tools"
    "iperf3 iperf3"
    "mpicc.mpich mpich libmpich-dev"
    "mpicc.openmpi openmpi-bin libopenmpi-dev"
    "hpcc hpcc"
    "NPmpich2 netpipe-mpich2"
    "NPopenmpi netpipe-openmpi"
    "/usr/lib/x86_64-linux-gnu/scalapack/mpich-tests/xdlu scalapack-mpi-test"
    "/usr/lib/python3/dist-packages/mpi4py/__init__.py python3-mpi4py"
    "/usr/lib/petscdir/petsc3.18/*/lib/python3/dist-packages/petsc4py/__init__.py python3-petsc4py-real3.18"
    "ibv_devinfo ibverbs-utils ibverbs-providers"
    "/etc/rdma/modules/rdma.conf rdma-core"
    "/usr/include/infiniband/verbs.h libibverbs-dev"
    "rping rdmacm-utils"
    "ib_write_bw perftest"
    "qperf qperf"
    "ucx_perftest ucx-utils"
    "fi_pingpong libfabric-bin"
    "etcd etcd-server"
    "javac default-jdk-headless"
    "go golang-go"
    "rustc rustc"
    "lua5.4 lua5.4"
    "bc bc"
    "gawk gawk"
    "ruby ruby"
    "fio fio"
    "strace strace"
    "socat socat"
    "tmux tmux"
    "tput ncurses-bin"
    "curl curl"
    "wget wget"
    "git git"
    "openssl openssl"
    "xz xz-utils"
    "file file"
    "/bin/busybox busybox-static"
)
readonly forBench=(
    "runsc runsc"
)

say() { printf 'setup: %s\n' "$*" >&2; }

is_there() {
    case $1 in
        */*) compgen -G "$1" >/dev/null ;;
        *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

wanted=("${forBuild[@]}" "${forTests[@]}")
listOnly=
for argument in "$@"; do
    case $argument in
        --bench) wanted+=("${forBench[@]}") ;;
        --build-only) wanted=("${forBuild[@]}") ;;
        --demo) wanted=("${forBuild[@]}" "${forDemo[@]}") ;;
        --list) listOnly=1 ;;
        *) say "unknown option $argument"; exit 2 ;;
    esac
done

missing=()
for row in "${wanted[@]}"; do
    # shellcheck disable=SC2086 # the row is a list of words
    set -- $row
    is_there "$1" || missing+=("${@:2}")
done

if ! command -v dotnet >/dev/null 2>&1 || ! dotnet --list-sdks 2>/dev/null | grep -q '^10\.'; then
    say "the .NET 10 SDK is missing: https://dot.net/download, or 'apt-get install dotnet-sdk-10.0' where the distribution has it"
    exit 1
fi

if [ -n "$listOnly" ]; then
    [ ${#missing[@]} -eq 0 ] || printf '%s\n' "${missing[@]}"
    exit 0
fi
[ ${#missing[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    say "this system has no apt-get; install the counterparts of: ${missing[*]}"
    exit 1
fi

asRoot=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        say "run as root: apt-get install ${missing[*]}"
        exit 1
    fi
    asRoot=(sudo)
fi

# A server's package starts its service on install unless a policy forbids it; the tests start their own.
readonly policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${asRoot[@]}" tee "$policy" >/dev/null
    "${asRoot[@]}" chmod 755 "$policy"
    ownPolicy=1
fi

log=$(mktemp)
trap 'rm -f "$log"; [ -z "${ownPolicy-}" ] || "${asRoot[@]}" rm -f "$policy"' EXIT

# Preconditions: log exists. Shows what apt-get printed only when it failed.
apt() {
    "${asRoot[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
        -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 "$@" >"$log" 2>&1
}

# apt's lists are often absent in containers, and stale in old ones.
known=()
learn() {
    known=()
    unknown=()
    local package
    for package in "${missing[@]}"; do
        if apt-cache show "$package" >/dev/null 2>&1; then known+=("$package"); else unknown+=("$package"); fi
    done
}
learn
if [ ${#unknown[@]} -gt 0 ]; then
    apt update || say "apt-get update failed: $(tail -n 1 "$log")"
    learn
fi
[ ${#unknown[@]} -eq 0 ] || say "not offered by this distribution, their tests are skipped: ${unknown[*]}"
[ ${#known[@]} -gt 0 ] || exit 0

say "installing ${known[*]}"
install() { apt install --no-install-recommends "${known[@]}"; }
if ! install; then
    # Lists older than the mirror name files that it no longer has.
    apt update || true
    if ! install; then
        cat "$log" >&2
        say "apt-get install failed, see above"
        exit 1
    fi
fi
