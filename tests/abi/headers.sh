#!/bin/sh
# Each public header compiles alone, without a warning, in double precision as C17 and, where there is a C++
# compiler, as C++20 (tests/layers has C11 and C++17 in single).     headers.sh INCLUDE CC [CXX]
set -eu
include=$1 cc=$2 cxx=${3:-}
flags='-fsyntax-only -Wall -Wextra -Wpedantic -Werror -Wundef'
count=0

# try COMPILER LANGUAGE STANDARD BITS: compiles $name with nothing before it.
try() {
    printf '#include <%s>\ntypedef int nn_something;\n' "$name" |
        "$1" -x "$2" -std="$3" $flags -DNN_REAL_BITS="$4" -I"$include" - || {
        echo "$name does not compile alone as $3 with NN_REAL_BITS=$4"
        exit 1
    }
    count=$((count + 1))
}

for header in "$include"/nnrun/*.h; do
    name=nnrun/$(basename "$header")
    try "$cc" c c17 64
    if [ -n "$cxx" ]; then
        try "$cxx" c++ c++20 64
    fi
done
test $count -ge 12
echo "$count compilations"
