/* SPDX-License-Identifier: MIT */
/* Text: a growing string, the nearest of some names, and input made safe for a terminal. */
#ifndef NN_BASE_TEXT_H
#define NN_BASE_TEXT_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

/* A growing string.  Zero-initialise; nn_text_finish() frees.  After a failed allocation `failed` is set
 * and nothing more is appended, so that a caller may check once at the end: what is there has no holes. */
typedef struct nn_text {
    char *bytes; /* ends in 0; NULL while empty */
    size_t length, room;
    bool failed;
} nn_text;

void nn_text_append(nn_text *text, const char *bytes, size_t length);
void nn_text_put(nn_text *text, const char *string);
void nn_text_printf(nn_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Appends `length` bytes with control bytes and invalid UTF-8 as \xNN: nothing that comes from a
 * file can steer the terminal. */
void nn_text_escape(nn_text *text, const char *bytes, size_t length);
/* Whether all of it is valid UTF-8. */
bool nn_text_is_utf8(const char *bytes, size_t length);
/* Appends a JSON string with its quotes. */
void nn_text_json(nn_text *text, const char *string);
/* Appends the shortest decimal that reads back to the same double; null where it is not finite. */
void nn_text_real(nn_text *text, double value);
/* Appends what printf's %.9g writes, several times as fast. */
void nn_text_number(nn_text *text, double value);
/* "" while empty, else bytes. */
const char *nn_text_view(const nn_text *text);
/* NN_ERR_MEMORY where an append failed. */
nn_status nn_text_status(const nn_text *text);
void nn_text_finish(nn_text *text);
/* Frees a text that was put into `whole`, which is not whole where an append to this one failed. */
void nn_text_finish_part(nn_text *part, nn_text *whole);

/* Damerau-Levenshtein distance, ASCII case ignored, at most `limit` + 1. */
size_t nn_text_distance(const char *a, const char *b, size_t limit);
/* The distance up to which two words are near: a third of the word's length, from 1 to 3. */
size_t nn_text_nearness(const char *word);
/* The nearest of `names` within that distance, else the first that begins with the word (of three
 * letters or more), else the only one that the word holds or that holds it (of four), or NULL. */
const char *nn_text_nearest(const char *word, const char *const *names, size_t count);

#endif
