/* SPDX-License-Identifier: MIT */
/* The one table of keys: what a spec may say, its types, ranges, defaults and meaning.
 *
 * It drives reading (spec/read.h), every message, the resolved spec (spec/render.h), the merging of
 * `extends` (spec/extend.h), `nnrun schema` and docs/SPEC.md.  A new key is a row here and a field of
 * nn_experiment.
 */
#ifndef NN_SPEC_SCHEMA_H
#define NN_SPEC_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

typedef enum nn_key_type {
    NN_KEY_INTEGER,    /* int64_t (any integer type of 8 bytes) */
    NN_KEY_REAL,       /* double */
    NN_KEY_TEXT,       /* const char * */
    NN_KEY_NAME,       /* const char *, fit to be the name of a folder */
    NN_KEY_PATH,       /* const char *, made absolute against the file that wrote it */
    NN_KEY_CHOICE,     /* an integer type of 1, 4 or 8 bytes, the value of one of `choices` */
    NN_KEY_METRIC,     /* const char *, one of `choices` */
    NN_KEY_COMPONENT,  /* nn_use: a name or {use: name, parameter: value}; `keys` are the host's own
                          keys beside the parameters */
    NN_KEY_MAP,        /* `keys`, their fields in the same struct */
    NN_KEY_EITHER,     /* exactly one of `keys`, or a component (field: nn_use) */
    NN_KEY_PATHS,      /* list of paths: const char *const *, its count at `count` */
    NN_KEY_COMPONENTS, /* list of components: nn_use *, its count at `count` */
    NN_KEY_MAPS        /* list of maps: element * of `bytes` each, `keys` in the element */
} nn_key_type;

enum {
    NN_KEY_REQUIRED = 1u << 0, /* no default; leaving it out is an error */
    NN_KEY_OPEN_MIN = 1u << 1, /* min itself is not allowed */
    NN_KEY_OPEN_MAX = 1u << 2,
    NN_KEY_NOT_EMPTY = 1u << 3, /* list: at least one element */
    NN_KEY_SPARSE = 1u << 4, /* absent says what no value does: left out of the resolved spec, too */
    NN_KEY_EARLY = 1u << 5   /* dealt with by spec/extend.h and gone when keys are read; no field */
};

/* A word and what is stored for it. */
typedef struct nn_word {
    const char *name; /* NULL ends the list */
    long long value;
    const char *doc; /* NULL: says itself */
} nn_word;

typedef struct nn_key nn_key;
struct nn_key {
    const char *name; /* NULL ends the table */
    nn_key_type type;
    unsigned flags;
    size_t offset; /* of the field, in the struct its table fills */
    size_t bytes;  /* of the field; NN_KEY_MAPS: of an element */
    size_t count;  /* lists: offset of the count */
    size_t place;  /* offset of an nn_place for the value; 0: none */
    double min, max; /* NN_KEY_INTEGER, NN_KEY_REAL */
    const char *word; /* a word taken instead of a value ("auto", "none"); stores 0, NULL or nothing */
    const char *def;  /* default as it would be written, NULL: none */
    const nn_word *choices;
    const char *kind; /* components: "optimizer" */
    const nn_key *keys;
    const char *unit; /* NULL: none */
    const char *aka;  /* what other tools call it, words separated by blanks; NULL: none */
    const char *doc;  /* sentences for the manual */
};

/* The keys of a spec: rows over nn_experiment. */
extern const nn_key nn_spec_keys[];

/* The row of a name in a table, NULL where there is none. */
const nn_key *nn_key_find(const nn_key *keys, const char *name);
/* The row a key path leads to ("network.layers.0.units"); NULL below components and unknown keys. */
const nn_key *nn_key_at(const char *path);
/* The user's own: begins with x-. */
bool nn_key_is_free(const char *name);

#endif
