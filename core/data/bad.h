/* SPDX-License-Identifier: MIT */
/* The list of samples that could not be read: gathered, reported as one, or logged. */
#ifndef NN_DATA_BAD_H
#define NN_DATA_BAD_H

#include "data/dataset.h"

/* Zero-initialise but for the arena, which holds the texts. */
typedef struct nn_bad_list {
    nn_arena *arena;
    nn_bad_sample *items;
    size_t count, room;
} nn_bad_list;

nn_status nn_bad_add(nn_bad_list *list, size_t index, const char *name, const char *reason);
void nn_bad_sort(nn_bad_list *list);
void nn_bad_finish(nn_bad_list *list);

/* NN_ERR_DATA with a line for each, as many as a story holds, and what to do: on_bad: skip only where the loader
 * has it, which `can_skip` says. */
nn_status nn_bad_report(const nn_bad_list *list, size_t samples, bool can_skip);
/* A warning for each. */
void nn_bad_log(const nn_bad_list *list, const nn_log *log);

#endif
