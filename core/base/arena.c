/* SPDX-License-Identifier: MIT */
/* A list of blocks, filled from the front; large requests get a block of their own. */
#include "base/arena.h"

#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK_BYTES = 16384, ARENA_ALIGNMENT = 16 };

struct block {
    struct block *next;
    size_t used, size;
    _Alignas(ARENA_ALIGNMENT) unsigned char bytes[];
};

struct nn_arena {
    struct block *blocks;
};

nn_status nn_arena_create(nn_arena **out)
{
    return NN_ALLOC(out, 1, "an arena");
}

void nn_arena_destroy(nn_arena *arena)
{
    if (arena == NULL) {
        return;
    }
    for (struct block *b = arena->blocks, *next; b != NULL; b = next) {
        next = b->next;
        nn_free(b);
    }
    nn_free(arena);
}

nn_status nn_arena_alloc(nn_arena *arena, size_t bytes, void **out)
{
    if (bytes > SIZE_MAX / 2) {
        return nn_fail_memory("an arena", bytes);
    }
    size_t want = (bytes + ARENA_ALIGNMENT) / ARENA_ALIGNMENT * ARENA_ALIGNMENT;
    struct block *block = arena->blocks;
    if (block == NULL || block->size - block->used < want) {
        size_t size = want > BLOCK_BYTES ? want : BLOCK_BYTES;
        void *memory;
        NN_TRY(nn_alloc(1, sizeof *block + size, "an arena", &memory));
        block = memory;
        block->size = size;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    *out = block->bytes + block->used;
    block->used += want;
    return NN_OK;
}

nn_status nn_arena_text(nn_arena *arena, const char *text, size_t length, const char **out)
{
    void *copy;
    NN_TRY(nn_arena_alloc(arena, length + 1, &copy));
    memcpy(copy, text, length);
    *out = copy;
    return NN_OK;
}

nn_status nn_arena_printf(nn_arena *arena, const char **out, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    void *text = NULL;
    nn_status status = nn_arena_alloc(arena, (size_t)length + 1, &text);
    if (status == NN_OK) {
        vsnprintf(text, (size_t)length + 1, format, again);
        *out = text;
    }
    va_end(again);
    return status;
}
