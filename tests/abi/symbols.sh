#!/bin/sh
# Each plugin exports nnrun_plugin and nothing else.     symbols.sh FOLDER
set -eu
count=0
for plugin in $(find "$1" -name '*.so' | sort); do
    exported=$(nm -D --defined-only "$plugin" | awk '{print $NF}' | tr '\n' ' ')
    if [ "$exported" != 'nnrun_plugin ' ]; then
        echo "$plugin exports: $exported"
        exit 1
    fi
    count=$((count + 1))
done
test $count -ge 1
echo "$count plugins"
