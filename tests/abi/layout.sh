#!/bin/sh
# Whatever ABI 1.0 said is still so: every line of the first program is a line of the second.
#     layout.sh FROZEN TODAY
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$1" | sort > "$folder/frozen"
"$2" | sort > "$folder/today"
moved=$(comm -23 "$folder/frozen" "$folder/today")
if [ -n "$moved" ]; then
    echo "these lie elsewhere today (name, offset, size):"
    echo "$moved"
    exit 1
fi
echo "$(wc -l < "$folder/frozen") facts hold"
