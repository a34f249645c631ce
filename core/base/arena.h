/* SPDX-License-Identifier: MIT */
/* An arena: things that live as long as a run come from it and die with it. */
#ifndef NN_BASE_ARENA_H
#define NN_BASE_ARENA_H

#include "base/status.h"

#include <stdarg.h>
#include <stddef.h>

typedef struct nn_arena nn_arena;

nn_status nn_arena_create(nn_arena **out);
/* Frees everything; NULL is fine. */
void nn_arena_destroy(nn_arena *arena);

/* Zeroed, aligned to 16 bytes, never NULL; owned by the arena. */
nn_status nn_arena_alloc(nn_arena *arena, size_t bytes, void **out);
nn_status nn_arena_text(nn_arena *arena, const char *text, size_t length, const char **out);
nn_status nn_arena_printf(nn_arena *arena, const char **out, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define NN_ARENA_ALLOC(arena, pointer, count)                                                      \
    nn_arena_alloc((arena), (count) * sizeof **(pointer), (void **)(pointer))

#endif
