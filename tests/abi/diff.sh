#!/bin/sh
# What libabigail makes of the headers of ABI 1.0 and of today: structures may only have grown at their ends.
#     diff.sh FROZEN.so TODAY.so        (skipped, exit 77, without abidiff)
set -eu
command -v abidiff > /dev/null || { echo "skipped, abidiff is missing"; exit 77; }
report=$(mktemp)
trap 'rm -f "$report"' EXIT
code=0
abidiff "$1" "$2" > "$report" || code=$?
cat "$report"
# Bits of the exit code: 1 and 2 an error of abidiff's, 4 a change, 8 one that breaks.
test $((code & 11)) -eq 0 || exit 1
if grep -nE 'deletion|offset changed|data members? changes?|type changed from|enumerator changes?|unreachable' "$report"; then
    echo "these are more than additions at an end"
    exit 1
fi
