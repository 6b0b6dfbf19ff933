#!/bin/sh
# Builds the fuzz programs: build.sh OUTDIR
set -eu
out=${1:?usage: build.sh OUTDIR}
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$(dirname "$0")"
for program in calls states; do
    if [ ! "$out/$program" -nt $program.c ] || [ ! "$out/$program" -nt fuzz.h ] || [ ! "$out/$program" -nt values.h ]; then
        # No stack protector: it reads the FS base, which these programs break.
        gcc -std=gnu17 -O1 -Wall -Wextra -fno-stack-protector -fcf-protection=none -static -pthread -D_GNU_SOURCE -o "$out/$program" $program.c
    fi
done
gcc -Os -ffreestanding -fno-stack-protector -fno-pie -nostdlib -static -no-pie -o "$out/tiny" tiny.c
gcc -Os -ffreestanding -fno-stack-protector -fpie -nostdlib -static-pie -o "$out/tiny-pie" tiny.c
gcc -O1 -o "$out/hog" hog.c
