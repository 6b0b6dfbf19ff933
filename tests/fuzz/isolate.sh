#!/bin/sh
# Runs COMMAND where random system calls do no harm: as nobody, in process, mount, IPC, host-name and network
# namespaces of its own, with a small file system in memory at SCRATCH. Needs root (or a user namespace) and /dev/kvm.
# Usage: isolate.sh SCRATCH WEFT PROGRAMS COMMAND [ARG…]
#   SCRATCH   an existing folder; SCRATCH/root becomes the programs' root, with the folder PROGRAMS copied to /fuzz
#   WEFT      the weft binary; its folder stands at SCRATCH/weft inside
set -eu
scratch=$1 weft=$2 programs=$3
shift 3
export scratch weft programs
# shellcheck disable=SC2016
exec unshare --mount --pid --fork --kill-child --ipc --uts --net --mount-proc sh -euc '
    mount -t tmpfs -o size=192M,mode=755 fuzz "$scratch"
    mkdir -p "$scratch/root/fuzz" "$scratch/root/tmp" "$scratch/root/dev" "$scratch/weft" "$scratch/out"
    cp -r "$programs/." "$scratch/root/fuzz/"
    chmod -R a+rX "$scratch/root/fuzz"
    chmod 1777 "$scratch/root/tmp"
    chown 65534:65534 "$scratch/out"
    mount --bind "$(dirname "$weft")" "$scratch/weft"
    mknod "$scratch/kvm" c 10 232
    chmod 666 "$scratch/kvm"
    mount --bind "$scratch/kvm" /dev/kvm
    ulimit -c 0
    cd "$scratch/root/tmp"
    exec setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs "$@"
' sh "$@"
