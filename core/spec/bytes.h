/* SPDX-License-Identifier: MIT */
/* A spec as bytes, before and beside libyaml: what it would trip over without a position, and what its
 * complaints probably mean. */
#ifndef NN_SPEC_BYTES_H
#define NN_SPEC_BYTES_H

#include "base/text.h"
#include "spec/node.h"

typedef struct nn__fault {
    nn_place place;
    const char *message, *help; /* help NULL: none */
} nn__fault;

/* The place of a byte of a text. */
nn_place nn__place_at(const nn_text_source *source, size_t offset);
/* The end of what is written, blanks left out. */
nn_place nn__end_place(const nn_text_source *source);

/* Whether the bytes from `from` on are refused before they are parsed: too many, no UTF-8, control
 * characters, directives. */
bool nn__bytes_are_refused(const nn_text_source *source, size_t from, nn__fault *fault);

/* What a complaint of libyaml's (NULL: none) at a place asks to look at; nothing where that is not
 * known. */
void nn__yaml_hint(const nn_text_source *source, nn_place place, const char *problem, nn_text *out);

#endif
