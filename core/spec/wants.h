/* SPDX-License-Identifier: MIT */
/* What a key wants, in words: for messages and the manual. */
#ifndef NN_SPEC_WANTS_H
#define NN_SPEC_WANTS_H

#include "base/text.h"
#include "spec/schema.h"

/* "a whole number from 1 to 100, or auto". */
void nn_key_wants(const nn_key *key, nn_text *out);
/* What an element of a list wants: "{units: ..., activation: ...}". */
void nn_key_element_wants(const nn_key *key, nn_text *out);
/* The names of a table, separated by ", ". */
void nn_key_put_names(const nn_key *keys, nn_text *out);
/* "a whole number", "a component": the type without its range. */
const char *nn_key_noun(const nn_key *key);
/* The same of an element of a list. */
const char *nn_key_element_noun(const nn_key *key);

#endif
