#!/usr/bin/env bash
# Installs what tests need, builds everything and runs all tests, from a fresh clone on.
# Usage: ./test.sh [FILTER]
#   FILTER  only tests whose full name contains it, for instance EndToEnd.Python or Weft.Machine
# The last line is "N passed, N failed, N skipped"; a project that doesn't build counts as one failure.
# A failed test is run a second time, by itself: many compare wall-clock behaviour of several VMs, and on a busy machine
# one may miss its time. Those that pass then are counted as passed and listed; WEFT_TEST_ONCE=1 allows no second run.
# WEFT_TEST_TIMEOUT bounds one project, in seconds (1500).
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1

readonly filter=${1-}
readonly results=artifacts/test-results
readonly perProjectSeconds=${WEFT_TEST_TIMEOUT:-1500}
passed=0
failed=0
skipped=0
failures=()
repeated=()

say() { printf '\n== %s\n' "$*"; }

# A case that dies by a signal shall not leave a core file behind.
ulimit -c 0

# attribute FILE NAME: the number in NAME="…" of the result file's Counters element, 0 when there is none.
attribute() {
    local number
    number=$(grep -o -m 1 "<Counters [^>]*" "$1" | grep -o " $2=\"[0-9]*\"" | tr -dc 0-9)
    printf '%s' "${number:-0}"
}

# failed_names TRX: a line for each failed test.
failed_names() {
    grep -o '<UnitTestResult [^>]*outcome="Failed"' "$1" | grep -o ' testName="[^"]*"' |
        sed 's/^ testName="//; s/"$//; s/&quot;/"/g; s/&gt;/>/g; s/&lt;/</g; s/&amp;/\&/g'
}

# case_filter NAME: what selects that test, and of a theory the case as far as plain words in its arguments tell it.
case_filter() {
    local filterOfCase="FullyQualifiedName~${1%%(*}" word
    while IFS= read -r word; do filterOfCase+="&DisplayName~$word"; done < <(
        grep -o '"[A-Za-z0-9_.-]*[A-Za-z0-9]"' <<<"${1#*(}" | tr -d '"')
    printf '(%s)' "$filterOfCase"
}

# run_again NAME DLL TRX: runs the failed tests once more; writes NAME.again.trx.
run_again() {
    local names wanted= failedName
    names=$(failed_names "$3")
    if [ "$(wc -l <<<"$names")" -gt 10 ]; then return 1; fi
    while IFS= read -r failedName; do wanted+="${wanted:+|}$(case_filter "$failedName")"; done <<<"$names"
    timeout --kill-after=10 "$perProjectSeconds" dotnet test "$2" --filter "$wanted" \
        --logger "trx;LogFileName=$1.again.trx" --results-directory "$results" >"$results/$1.again.log" 2>&1
    [ -f "$results/$1.again.trx" ]
}

# run_project CSPROJ: adds its results to the totals; says nothing of a project that the filter leaves nothing of.
run_project() {
    local name dll trx began status total executed line
    name=$(basename "$1" .csproj)
    dll=artifacts/bin/$name/release/$name.dll
    trx=$results/$name.trx
    if [ ! -f "$dll" ]; then
        failed=$((failed + 1))
        failures+=("$name: does not build")
        printf '%-32s does not build\n' "$name"
        return
    fi
    began=$SECONDS
    local arguments=(--logger "trx;LogFileName=$name.trx" --results-directory "$results")
    [ -z "$filter" ] || arguments+=(--filter "FullyQualifiedName~$filter|DisplayName~$filter")
    timeout --kill-after=10 "$perProjectSeconds" dotnet test "$dll" "${arguments[@]}" >"$results/$name.log" 2>&1
    status=$?
    if [ ! -f "$trx" ]; then
        if [ "$status" -eq 0 ]; then return; fi
        failed=$((failed + 1))
        failures+=("$name: ended with status $status and no results, see $results/$name.log")
        printf '%-32s no results after %d s, status %d\n' "$name" $((SECONDS - began)) "$status"
        return
    fi
    total=$(attribute "$trx" total)
    if [ "$total" -eq 0 ] && [ "$status" -eq 0 ]; then return; fi
    executed=$(attribute "$trx" executed)
    local projectPassed projectFailed
    projectPassed=$(attribute "$trx" passed)
    projectFailed=$((executed - projectPassed))
    local again=$results/$name.again.trx
    if [ "$projectFailed" -gt 0 ] && [ -z "${WEFT_TEST_ONCE-}" ] && run_again "$name" "$dll" "$trx"; then
        local still
        still=$(failed_names "$again")
        while IFS= read -r line; do
            if ! grep -Fxq -- "$line" <<<"$still"; then
                repeated+=("$name: $line")
                projectFailed=$((projectFailed - 1))
                projectPassed=$((projectPassed + 1))
            fi
        done < <(failed_names "$trx")
        trx=$again
    elif [ "$status" -ne 0 ] && [ "$projectFailed" -eq 0 ]; then
        projectFailed=1
        failures+=("$name: the run broke off with status $status, see $results/$name.log")
    fi
    passed=$((passed + projectPassed))
    failed=$((failed + projectFailed))
    skipped=$((skipped + total - executed))
    printf '%-32s %4d passed %4d failed %4d skipped %5d s\n' \
        "$name" "$projectPassed" "$projectFailed" $((total - executed)) $((SECONDS - began))
    [ "$projectFailed" -eq 0 ] ||
        while IFS= read -r line; do failures+=("$name: $line"); done < <(failed_names "$trx")
}

say "What tests need"
build/setup.sh || exit 1

say "Build"
rm -rf "$results"
mkdir -p "$results"
began=$SECONDS
projects=()
while IFS= read -r project; do projects+=("$project"); done < <(grep -l Microsoft.NET.Test.Sdk tests/*/*.csproj 2>/dev/null | sort)
for project in "${projects[@]}"; do
    name=$(basename "$project" .csproj)
    rm -f "artifacts/bin/$name/release/$name.dll"
done
# One build for all: projects that don't depend on a broken one are built nevertheless.
if ! dotnet build Weft.slnx -c Release -nologo -v quiet -clp:ErrorsOnly >"$results/build.log" 2>&1; then
    sort -u "$results/build.log" | tail -n 40
    failed=$((failed + 1))
    failures+=("Weft.slnx: does not build")
fi
for project in "${projects[@]}"; do
    name=$(basename "$project" .csproj)
    # A test project that the solution doesn't list is built by itself.
    [ -f "artifacts/bin/$name/release/$name.dll" ] || grep -q "$name.csproj" Weft.slnx ||
        dotnet build "$project" -c Release -nologo -v quiet -clp:ErrorsOnly 2>&1 | sort -u | tail -n 20
done
if ! build/publish.sh; then
    failed=$((failed + 1))
    failures+=("weft: the command-line tool does not build")
fi
printf 'built in %d s\n' $((SECONDS - began))

say "Tests"
for project in "${projects[@]}"; do run_project "$project"; done

# What the first of those that failed said, for whoever sees only this output.
for log in "$results"/*.log; do
    grep -A 25 '^ *Error Message:' "$log" | cut -c 1-400 | head -n 120
done
if [ ${#repeated[@]} -gt 0 ]; then
    say "Passed only when run again (details in $results)"
    printf '%s\n' "${repeated[@]}"
fi
if [ ${#failures[@]} -gt 0 ]; then
    say "Failed (details in $results)"
    printf '%s\n' "${failures[@]}"
fi
printf '\nall of it took %d s\n' "$SECONDS"
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
