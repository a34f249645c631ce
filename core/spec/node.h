/* SPDX-License-Identifier: MIT */
/* A YAML document as a tree, every node with the place it was written at.
 *
 * Nodes live in an arena.  Scalars stay text; the schema or a parameter table types them, so that
 * 1e-3 is a number where a number is wanted.  The tree knows nothing of what keys mean.
 */
#ifndef NN_SPEC_NODE_H
#define NN_SPEC_NODE_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* One text nodes come from: a file, "<stdin>", or an argument of the command line. */
typedef struct nn_text_source {
    const char *name;     /* as messages show it: "experiments/baseline.yaml", "argument 2" */
    const char *base_dir; /* folder that relative paths in it are taken from */
    const char *bytes;    /* the whole text, to show the line of an error */
    size_t length;
    bool argument;        /* written on the command line */
    size_t number;        /* of the argument, from 1 */
} nn_text_source;

typedef struct nn_place {
    const nn_text_source *source; /* NULL: nobody wrote it (a default) */
    size_t line, column;          /* from 1, column in characters */
    size_t width;                 /* characters to underline, at least 1 */
} nn_place;

typedef enum nn_node_kind { NN_NODE_SCALAR, NN_NODE_LIST, NN_NODE_MAP } nn_node_kind;

typedef struct nn_node nn_node;
typedef struct nn_pair {
    nn_node *key; /* scalar */
    nn_node *value;
} nn_pair;

struct nn_node {
    nn_node_kind kind;
    nn_place place;
    const char *text; /* scalar: ends in 0, contains none */
    bool quoted;      /* scalar: written in quotes or as a block, so surely text */
    nn_node **items;  /* list */
    nn_pair *pairs;   /* map, in written order, keys unique */
    size_t count;     /* of items or pairs */
};

/* The value of a key of a map, NULL where there is none or node is no map. */
nn_node *nn_node_get(const nn_node *node, const char *key);
/* The same, the pair itself (to point at the key). */
nn_pair *nn_node_pair(const nn_node *node, const char *key);

/* Builders, for defaults, the resolved spec and overrides.  All memory from the arena. */
nn_status nn_node_scalar(nn_arena *arena, const char *text, nn_place place, nn_node **out);
nn_status nn_node_list(nn_arena *arena, nn_place place, nn_node **out);
nn_status nn_node_map(nn_arena *arena, nn_place place, nn_node **out);
nn_status nn_node_append(nn_arena *arena, nn_node *list, nn_node *item);
/* Replaces or appends; put() takes the key's node with its place, set() makes one. */
nn_status nn_node_put(nn_arena *arena, nn_node *map, nn_node *key, nn_node *value);
nn_status nn_node_set(nn_arena *arena, nn_node *map, const char *key, nn_node *value);
/* Removes a key; nothing where the map has none. */
void nn_node_drop(nn_node *map, const char *key);
/* A copy whose lists and maps may be changed; keys and texts are shared. */
nn_status nn_node_copy(nn_arena *arena, const nn_node *node, nn_node **out);

/* Whether nothing was written where a value should be: an empty, ~ or null plain scalar. */
bool nn_node_is_null(const nn_node *node);

/* Typed readings of a scalar: false where the text is not of that type (YAML 1.2 core schema:
 * 1e-3, .5, -.inf, .nan, 0x1f, true/false), where it is quoted, and where an integer does not fit
 * its type.  1e3 and 2.0 are integers, too. */
bool nn_node_real(const nn_node *node, double *out);
bool nn_node_integer(const nn_node *node, long long *out);
bool nn_node_boolean(const nn_node *node, bool *out);

#endif
