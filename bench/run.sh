#!/usr/bin/env bash
# Measures programs in a VM against the same natively, prints a table and writes bench/results/GROUP.json.
# Usage: bench/run.sh [--quick] [--figures | --collect] [GROUP…]
#   --quick    a minute or so, on fewer rounds
#   --figures  also write bench/figures.json, which SPECIFICATION.md quotes; on a quiet machine only
#   --collect  measure nothing; write bench/figures.json from bench/results, for groups that were measured one by one
#   --list     name the groups
# WEFT_BIN names a weft binary to measure instead of this tree's.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly out=$PWD/artifacts/bench

case " $* " in *' --list '* | *' --help '*) ;; *)
    build/setup.sh --bench || echo "bench: going on without what could not be installed" >&2
    # The script publishes what is missing or stale; it must be done before anything is timed.
    ./weft --version >/dev/null
    make -s -C bench/kernels OUT="$out"
    ;;
esac
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! dotnet build bench/Weft.Bench -c Release -nologo -v quiet >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
dotnet artifacts/bin/Weft.Bench/release/Weft.Bench.dll "$@"
