#!/bin/sh
# Builds the suite: build.sh OUTDIR. Programs land in OUTDIR/GROUP/NAME beside faults/EXPECT.
# A source's own "// cflags:" line adds compiler flags; CC and JOBS may be set from outside.
set -eu
out=${1:?usage: build.sh OUTDIR}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"
out=$(cd "$out" && pwd)
export CC="${CC:-gcc}" out here

one() {
    source=$1
    target=$out/${source%.c}
    if [ -x "$target" ] && [ "$target" -nt "$here/$source" ] && [ "$target" -nt "$here/check.h" ] && [ "$target" -nt "$here/fault.h" ]; then
        return 0
    fi
    extra=$(sed -n 's|^// cflags: ||p' "$here/$source")
    mkdir -p "$(dirname "$target")"
    # shellcheck disable=SC2086
    "$CC" -std=gnu17 -O1 -Wall -Wextra -Wtrampolines -Wno-nonnull -Wno-stringop-overflow -Wno-stringop-overread -pthread -D_GNU_SOURCE -I"$here" -o "$target.new" "$here/$source" $extra -lrt
    mv "$target.new" "$target"
}

if [ "${2-}" = --one ]; then
    one "$3"
    exit
fi
cd "$here"
find . -name '*.c' | sed 's|^\./||' | sort | xargs -P "${JOBS:-$(nproc)}" -I{} sh "$here/build.sh" "$out" --one {}
mkdir -p "$out/faults"
cp "$here/faults/EXPECT" "$out/faults/EXPECT" 2>/dev/null || true
