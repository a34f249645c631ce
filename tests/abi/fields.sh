#!/bin/sh
# A field of another type than its row writes does not compile, neither as C nor as C++.     fields.sh INCLUDE CC [CXX]
set -eu
include=$1 cc=$2 cxx=${3:-}

# table ROW: a table with a row of every kind, and this one first.
table() {
    cat <<END
#include <nnrun/param.h>
struct s { double r; int64_t i, c; bool b; const char *t, *p; nn_list rs, is; float f; int n; };
static const char *const choices[] = {"a", "b", 0};
extern const nn_param params[];
const nn_param params[] = {
    $1,
    NN_PARAM_INT(struct s, i, 1, 0, 2, 0, "", "x."),
    NN_PARAM_CHOICE(struct s, c, choices, 0, 0, "x."),
    NN_PARAM_BOOL(struct s, b, true, 0, "x."),
    NN_PARAM_TEXT(struct s, t, "", 0, "x."),
    NN_PARAM_PATH(struct s, p, "", 0, "x."),
    NN_PARAM_REALS(struct s, rs, "[]", 0, 1, 0, 0, 0, "", "x."),
    NN_PARAM_INTS(struct s, is, "[]", 0, 1, 0, 0, 0, "", "x."),
    NN_PARAM_END,
};
END
}

# compile ROW: what every compiler there is says.
compile() {
    table "$1" | "$cc" -x c -std=c11 -fsyntax-only -Wall -Wextra -Wpedantic -Werror -I"$include" - 2>&1 || return 1
    test -z "$cxx" ||
        table "$1" | "$cxx" -x c++ -std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Werror -I"$include" - 2>&1
}

compile 'NN_PARAM_REAL(struct s, r, 1, 0, 2, 0, "", "x.")'
# refused KIND ROW: not compiled, and why.
refused() {
    if said=$(compile "$2"); then
        echo "$2 compiles"
        exit 1
    fi
    case $said in *"$1"*) ;; *) echo "$said"; exit 1 ;; esac
    test -z "$cxx" || ! table "$2" | "$cxx" -x c++ -std=c++20 -fsyntax-only -I"$include" - 2>/dev/null || {
        echo "$2 compiles as C++"
        exit 1
    }
}
refused 'of a NN_PARAM_REAL must be a double' 'NN_PARAM_REAL(struct s, f, 1, 0, 2, 0, "", "x.")'
refused 'of a NN_PARAM_INT must be an int64_t' 'NN_PARAM_INT(struct s, n, 1, 0, 2, 0, "", "x.")'
refused 'of a NN_PARAM_CHOICE must be an int64_t' 'NN_PARAM_CHOICE(struct s, n, choices, 0, 0, "x.")'
refused 'of a NN_PARAM_BOOL must be a bool' 'NN_PARAM_BOOL(struct s, n, true, 0, "x.")'
refused 'of a NN_PARAM_TEXT must be a const char' 'NN_PARAM_TEXT(struct s, i, "", 0, "x.")'
refused 'of a NN_PARAM_PATH must be a const char' 'NN_PARAM_PATH(struct s, r, "", 0, "x.")'
refused 'of a NN_PARAM_REALS must be a nn_list' 'NN_PARAM_REALS(struct s, r, "[]", 0, 1, 0, 0, 0, "", "x.")'
refused 'of a NN_PARAM_INTS must be a nn_list' 'NN_PARAM_INTS(struct s, i, "[]", 0, 1, 0, 0, 0, "", "x.")'
