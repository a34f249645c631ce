/* SPDX-License-Identifier: MIT */
/* A component's parameters, declared once.
 *
 * One row a parameter, a row with a NULL name at the end.  The table drives binding, range errors,
 * "did you mean", `nnrun plugins show`, the JSON Schema, the docs and the resolved spec:
 *
 *     struct sgd { double rate, momentum; bool nesterov; };
 *
 *     static const nn_param params[] = {
 *         NN_PARAM_REAL(struct sgd, rate, 0.01, 0, INFINITY, NN_OPEN_MIN | NN_LOG, "per step", "Step size."),
 *         NN_PARAM_REAL(struct sgd, momentum, 0, 0, 1, NN_OPEN_MAX, "", "Share of the last step kept."),
 *         NN_PARAM_BOOL(struct sgd, nesterov, false, 0, "Look ahead along the momentum."),
 *         NN_PARAM_END,
 *     };
 *
 * The bound struct is `self`.  It holds double, int64_t, bool, const char * and nn_list, never
 * nn_real, so that one table serves both precisions; what it points to lives as long as the run.
 */
#ifndef NNRUN_PARAM_H
#define NNRUN_PARAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum nn_param_type {
    NN_TYPE_REAL = 1,   /* double */
    NN_TYPE_INT = 2,    /* int64_t */
    NN_TYPE_BOOL = 3,   /* bool */
    NN_TYPE_TEXT = 4,   /* const char *, UTF-8 */
    NN_TYPE_CHOICE = 5, /* int64_t, index into choices */
    NN_TYPE_PATH = 6,   /* const char *, made absolute against the file that wrote it */
    NN_TYPE_LIST = 16   /* added to one of the above: an nn_list of that type */
} nn_param_type;

enum {
    NN_REQUIRED = 1u << 0,   /* no default; leaving it out is an error */
    NN_OPEN_MIN = 1u << 1,   /* min itself is not allowed */
    NN_OPEN_MAX = 1u << 2,   /* max itself is not allowed */
    NN_LOG = 1u << 3,        /* sensibly searched on a logarithmic scale */
    NN_DEPRECATED = 1u << 4, /* accepted with a warning */
    NN_OPTIONAL = 1u << 5    /* may be left out without a default: NaN, INT64_MIN, NULL, empty list */
};

/* A bound list.  items points to `count` values of the row's element type. */
typedef struct nn_list {
    const void *items;
    size_t count;
} nn_list;

/* One row.  Grows at the end only; the manifest says how large the plugin's rows are. */
typedef struct nn_param {
    const char *name;
    const char *doc;            /* one sentence */
    const char *unit;           /* "" where there is none */
    uint32_t type;              /* nn_param_type */
    uint32_t flags;             /* NN_REQUIRED and so on */
    size_t offset;              /* of the field in self */
    double def;                 /* default of real, int, bool, choice (its index) */
    double min, max;            /* bounds of real and int, and of a list's elements */
    const char *def_text;       /* default of text and path; of a list, as YAML: "[1, 2]" */
    const char *const *choices; /* NULL-terminated names, NN_TYPE_CHOICE only */
    size_t least, most;         /* number of elements of a list; most 0: no limit */
} nn_param;

/* Where a field lies, which must be of the type that binding writes into it: a float for a NN_PARAM_REAL
 * does not compile. */
#ifdef __cplusplus
extern "C++" {
template <typename nn_a, typename nn_b> struct nn_param_same { static constexpr bool value = false; };
template <typename nn_a> struct nn_param_same<nn_a, nn_a> { static constexpr bool value = true; };
template <bool nn_right> struct nn_param_right {
    static_assert(nn_right, "the field of a parameter has another type than its NN_PARAM_... writes");
};
#define NN_PARAM_IS(type_, field, wanted_)                                                         \
    nn_param_same<decltype(static_cast<type_ *>(nullptr)->field), wanted_>::value
#define NN_PARAM_IS_REAL(type_, field) NN_PARAM_IS(type_, field, double)
#define NN_PARAM_IS_BOOL(type_, field) NN_PARAM_IS(type_, field, bool)
#define NN_PARAM_IS_LIST(type_, field) NN_PARAM_IS(type_, field, nn_list)
#define NN_PARAM_IS_TEXT(type_, field)                                                             \
    (NN_PARAM_IS(type_, field, const char *) || NN_PARAM_IS(type_, field, char *))
#define NN_PARAM_IS_INT(type_, field)                                                              \
    (sizeof static_cast<type_ *>(nullptr)->field == 8                                              \
     && (NN_PARAM_IS(type_, field, long) || NN_PARAM_IS(type_, field, long long)                   \
         || NN_PARAM_IS(type_, field, unsigned long) || NN_PARAM_IS(type_, field, unsigned long long)))
}
#define NN_PARAM_PLACE(type_, field, right_, text_)                                                \
    (offsetof(type_, field) + 0 * sizeof(nn_param_right<(right_)>))
#else
#define NN_PARAM_IS(type_, field, wanted_) _Generic(((type_ *)0)->field, wanted_ : 1, default : 0)
#define NN_PARAM_IS_REAL(type_, field) NN_PARAM_IS(type_, field, double)
#define NN_PARAM_IS_BOOL(type_, field) NN_PARAM_IS(type_, field, bool)
#define NN_PARAM_IS_LIST(type_, field) NN_PARAM_IS(type_, field, nn_list)
#define NN_PARAM_IS_TEXT(type_, field)                                                             \
    _Generic(((type_ *)0)->field, const char * : 1, char * : 1, default : 0)
#define NN_PARAM_IS_INT(type_, field)                                                              \
    (sizeof ((type_ *)0)->field == 8                                                               \
     && _Generic(((type_ *)0)->field, long : 1, long long : 1, unsigned long : 1,                  \
                 unsigned long long : 1, default : 0))
#define NN_PARAM_PLACE(type_, field, right_, text_)                                                \
    (offsetof(type_, field) + 0 * sizeof(struct { _Static_assert(right_, text_); int nn_; }))
#endif

#define NN_PARAM_REAL(type_, field, def_, min_, max_, flags_, unit_, doc_)                         \
    {#field, doc_, unit_, NN_TYPE_REAL, flags_,                                                    \
     NN_PARAM_PLACE(type_, field, NN_PARAM_IS_REAL(type_, field),                                  \
                    "the field \"" #field "\" of a NN_PARAM_REAL must be a double"),               \
     def_, min_, max_, 0, 0, 0, 0}
#define NN_PARAM_INT(type_, field, def_, min_, max_, flags_, unit_, doc_)                          \
    {#field, doc_, unit_, NN_TYPE_INT, flags_,                                                     \
     NN_PARAM_PLACE(type_, field, NN_PARAM_IS_INT(type_, field),                                   \
                    "the field \"" #field "\" of a NN_PARAM_INT must be an int64_t"),              \
     def_, min_, max_, 0, 0, 0, 0}
#define NN_PARAM_BOOL(type_, field, def_, flags_, doc_)                                            \
    {#field, doc_, "", NN_TYPE_BOOL, flags_,                                                       \
     NN_PARAM_PLACE(type_, field, NN_PARAM_IS_BOOL(type_, field),                                  \
                    "the field \"" #field "\" of a NN_PARAM_BOOL must be a bool"),                 \
     def_, 0, 1, 0, 0, 0, 0}
#define NN_PARAM_TEXT(type_, field, def_, flags_, doc_)                                            \
    {#field, doc_, "", NN_TYPE_TEXT, flags_,                                                       \
     NN_PARAM_PLACE(type_, field, NN_PARAM_IS_TEXT(type_, field),                                  \
                    "the field \"" #field "\" of a NN_PARAM_TEXT must be a const char *"),         \
     0, 0, 0, def_, 0, 0, 0}
#define NN_PARAM_PATH(type_, field, def_, flags_, doc_)                                            \
    {#field, doc_, "", NN_TYPE_PATH, flags_,                                                       \
     NN_PARAM_PLACE(type_, field, NN_PARAM_IS_TEXT(type_, field),                                  \
                    "the field \"" #field "\" of a NN_PARAM_PATH must be a const char *"),         \
     0, 0, 0, def_, 0, 0, 0}
#define NN_PARAM_CHOICE(type_, field, choices_, def_, flags_, doc_)                                \
    {#field, doc_, "", NN_TYPE_CHOICE, flags_,                                                     \
     NN_PARAM_PLACE(type_, field, NN_PARAM_IS_INT(type_, field),                                   \
                    "the field \"" #field "\" of a NN_PARAM_CHOICE must be an int64_t"),           \
     def_, 0, 0, 0, choices_, 0, 0}
#define NN_PARAM_REALS(type_, field, def_, min_, max_, least_, most_, flags_, unit_, doc_)         \
    {#field, doc_, unit_, NN_TYPE_REAL | NN_TYPE_LIST, flags_,                                     \
     NN_PARAM_PLACE(type_, field, NN_PARAM_IS_LIST(type_, field),                                  \
                    "the field \"" #field "\" of a NN_PARAM_REALS must be a nn_list"),             \
     0, min_, max_, def_, 0, least_, most_}
#define NN_PARAM_INTS(type_, field, def_, min_, max_, least_, most_, flags_, unit_, doc_)          \
    {#field, doc_, unit_, NN_TYPE_INT | NN_TYPE_LIST, flags_,                                      \
     NN_PARAM_PLACE(type_, field, NN_PARAM_IS_LIST(type_, field),                                  \
                    "the field \"" #field "\" of a NN_PARAM_INTS must be a nn_list"),              \
     0, min_, max_, def_, 0, least_, most_}
#define NN_PARAM_END {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

#endif
