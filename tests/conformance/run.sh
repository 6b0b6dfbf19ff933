#!/bin/sh
# Runs a built suite: run.sh OUTDIR [GROUP…]. RUNNER, if set, stands before every program ("./weft run --").
# Prints what failed and a closing line; exit status 0 when nothing did.
# A program that dies or hangs fails the test it was in and is started again for those behind it.
set -u
out=$(cd "${1:?usage: run.sh OUTDIR [GROUP...]}" && pwd)
shift
runner=${RUNNER-}
limit=${LIMIT:-20}
passed=0 failed=0
cd "$out" || exit 2

died() {
    echo "FAIL $1"
    failed=$((failed + 1))
}

suite() {
    rest=$(./"$1" --list)
    while [ -n "$rest" ]; do
        # shellcheck disable=SC2086
        text=$(timeout "$limit" $runner ./"$1" $rest 2>/dev/null)
        status=$?
        passed=$((passed + $(printf '%s\n' "$text" | grep -c '^ok ')))
        bad=$(printf '%s\n' "$text" | grep '^FAIL ')
        if [ -n "$bad" ]; then
            printf '%s\n' "$bad" | sed "s|^FAIL |FAIL $1 |"
            failed=$((failed + $(printf '%s\n' "$bad" | wc -l)))
        fi
        done_count=$(printf '%s\n' "$text" | grep -c '^ok \|^FAIL ')
        rest=$(printf '%s\n' $rest | tail -n +$((done_count + 1)))
        if [ -n "$rest" ]; then
            died "$1 $(printf '%s\n' "$rest" | head -n 1) ended with status $status"
            rest=$(printf '%s\n' "$rest" | tail -n +2)
        fi
    done
}

deaths() {
    while read -r name wanted; do
        case $name in '' | '#'*) continue ;; esac
        timeout "$limit" $runner ./faults/"$name" >/dev/null 2>&1
        status=$?
        if [ "$status" = "$wanted" ]; then
            passed=$((passed + 1))
        else
            died "faults/$name ended with status $status, not $wanted"
        fi
    done <faults/EXPECT
}

plain() {
    if text=$(timeout "$limit" $runner ./"$1" 2>/dev/null) && printf '%s\n' "$text" | grep -q '^ok '; then
        passed=$((passed + $(printf '%s\n' "$text" | grep -c '^ok ')))
    else
        died "$1 $(printf '%s\n' "$text" | grep '^FAIL' | head -n 1)"
    fi
}

for group in "${@:-}"; do
    for program in $(find . -type f -perm -u+x ! -name '*.new' | sed 's|^\./||' | sort); do
        case $program in "${group:+$group/}"*) ;; *) continue ;; esac
        case $program in
            faults/*) ;;
            static/*) plain "$program" ;;
            *) suite "$program" ;;
        esac
    done
    case ${group:-faults} in faults) [ -f faults/EXPECT ] && deaths ;; esac
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
