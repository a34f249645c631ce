/* SPDX-License-Identifier: MIT */
#include "data/bad.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { REPORT_BYTES = 12000 }; /* a story is cut behind 16 KB */

nn_status nn_bad_add(nn_bad_list *list, size_t index, const char *name, const char *reason)
{
    nn_bad_sample bad = {.index = index};
    if (list->count == list->room) {
        size_t room = list->room == 0 ? 16 : 2 * list->room;
        NN_TRY(nn_realloc((void **)&list->items, list->count, room, sizeof *list->items,
                          "the list of bad samples"));
        list->room = room;
    }
    NN_TRY(nn_arena_text(list->arena, name, strlen(name), &bad.name));
    NN_TRY(nn_arena_text(list->arena, reason, strlen(reason), &bad.reason));
    list->items[list->count++] = bad;
    return NN_OK;
}

static int by_index(const void *a, const void *b)
{
    const nn_bad_sample *x = a, *y = b;
    return x->index < y->index ? -1 : x->index > y->index;
}

void nn_bad_sort(nn_bad_list *list)
{
    if (list->count > 0) {
        qsort(list->items, list->count, sizeof *list->items, by_index);
    }
}

void nn_bad_finish(nn_bad_list *list)
{
    nn_free(list->items);
}

static void put(nn_text *text, const nn_bad_sample *bad)
{
    nn_text_escape(text, bad->name, strlen(bad->name));
    nn_text_put(text, ": ");
    nn_text_escape(text, bad->reason, strlen(bad->reason));
}

nn_status nn_bad_report(const nn_bad_list *list, size_t samples, bool can_skip)
{
    nn_text text = {0};
    nn_text_printf(&text, "%zu of %zu samples can't be used", list->count, samples);
    size_t told = 0;
    for (; told < list->count && text.length < REPORT_BYTES; told++) {
        nn_text_put(&text, "\n  ");
        put(&text, &list->items[told]);
    }
    if (told < list->count) {
        nn_text_printf(&text, "\n  and %zu more: `nnrun data check` lists them all",
                       list->count - told);
    }
    nn_text_put(&text, can_skip ? "\nmend or remove them, or say on_bad: skip to go on without"
                                : "\nmend or remove them");
    nn_status status = text.failed ? nn_fail_memory("a report", REPORT_BYTES)
                                   : nn_fail(NN_ERR_DATA, "%s", nn_text_view(&text));
    nn_text_finish(&text);
    return status;
}

void nn_bad_log(const nn_bad_list *list, const nn_log *log)
{
    for (size_t b = 0; b < list->count; b++) {
        nn_text line = {0};
        put(&line, &list->items[b]);
        nn_log_line(log, NN_WARNING, "left out: %s", nn_text_view(&line));
        nn_text_finish(&line);
    }
}
