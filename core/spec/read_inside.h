/* SPDX-License-Identifier: MIT */
/* What the files of spec/read.h share: read.c (maps and lists), read_scalar.c, read_component.c and
 * complain.c (all messages). */
#ifndef NN_SPEC_READ_INSIDE_H
#define NN_SPEC_READ_INSIDE_H

#include "base/text.h"
#include "spec/experiment.h"
#include "spec/read.h"

enum {
    NN__SHOWN_MOST = 60, /* characters of a value that a message shows */
    NN__KEYS_MOST = 64   /* of one table */
};

/* ---- complain.c ---- */

/* An error; finishes `help` (NULL: none). */
void nn__complain(nn_reader *reader, nn_place place, const char *path, nn_text *help,
                  const char *message);
/* "wants a number from 0 to 1". */
void nn__put_wants(const nn_key *key, nn_text *help);
void nn__wrong_type(nn_reader *reader, const nn_key *key, const nn_node *node, const char *path);
/* A key that is in no row of its table, with what was probably meant. */
nn_status nn__unknown_key(nn_reader *reader, const nn_key *keys, const nn_node *map,
                          const nn_node *word, const char *path);
/* The nearest row to a word that is no key, NULL where none is near. */
const nn_key *nn__nearest_key(const nn_key *keys, const nn_node *map, const char *word);
/* Notes a required key that a map lacks; told at the end, when all that was meant by others is known. */
nn_status nn__missing_key(nn_reader *reader, const nn_key *key, const nn_node *map, nn_place owner,
                          const char *path);
void nn__tell_missing(nn_reader *reader);

/* ---- read_scalar.c ---- */

void *nn__field(const nn_key *key, void *into);
void nn__store_pointer(const nn_key *key, void *into, const void *pointer);
void nn__read_number(nn_reader *reader, const nn_key *key, const nn_node *node, const char *path,
                     void *into);
void nn__read_choice(nn_reader *reader, const nn_key *key, const nn_node *node, const char *path,
                     void *into);
nn_status nn__read_text(nn_reader *reader, const nn_key *key, const nn_node *node, const char *path,
                        void *into);
/* A path made absolute against the file that wrote it. */
nn_status nn__absolute(nn_reader *reader, const nn_node *node, const char **out);

/* ---- read_component.c ---- */

/* `into`: where the host's own keys beside the parameters go. */
nn_status nn__read_component(nn_reader *reader, const nn_key *key, const nn_node *node,
                             nn_place owner, const char *path, nn_use *use, void *into);
/* A mapping that says neither `use` nor, of an EITHER, one of its keys. */
void nn__use_missing(nn_reader *reader, const nn_key *key, const nn_node *map, nn_place owner,
                     const char *path);

/* ---- read.c ---- */

nn_status nn__read_value(nn_reader *reader, const nn_key *key, const nn_node *node, nn_place owner,
                         const char *path, void *into);

#endif
