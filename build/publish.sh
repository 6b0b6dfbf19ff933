#!/usr/bin/env bash
# Builds the command-line tool ahead of time into artifacts/publish/Weft.Cli/release_linux-x64/weft, and its daemon,
# weftd, beside it.
# Safe to run twice at once: the second waits for the first, and finds little left to do.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly binary=artifacts/publish/Weft.Cli/release_linux-x64/weft
readonly daemon=artifacts/publish/Weft.Host/release_linux-x64/weftd

mkdir -p artifacts
exec 9>artifacts/.publish.lock
flock 9

build/setup.sh --build-only

# The binary gets the time at which its build began, so that an edit made meanwhile counts as newer.
began=$(mktemp)
log=$(mktemp)
trap 'rm -f "$began" "$log"' EXIT
echo "weft: building the command-line tool and its daemon, this takes two minutes the first time" >&2
for project in src/Weft.Cli src/Weft.Host; do
    if ! dotnet publish "$project" -c Release -nologo -v quiet >"$log" 2>&1; then
        cat "$log" >&2
        echo "weft: the build failed, see above" >&2
        exit 1
    fi
done
# In the place of a daemon that may be running.
ln -f "$daemon" "${binary%/*}/weftd"
touch -c -r "$began" "$binary"
