/* SPDX-License-Identifier: MIT */
/* All that there is: the names of a kind, and each file with what became of it. */
#include "plugin/registry_inside.h"

#include "plugin/kind.h"

#include <stdlib.h>
#include <string.h>

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t count_candidates(const nn_registry *registry)
{
    size_t count = 0;
    for (const struct nn__place *place = registry->places; place != NULL; place = place->next) {
        count += place->count;
    }
    return count;
}

nn_status nn_registry_names(nn_registry *registry, nn_kind kind, nn_arena *arena,
                            const char *const **names, size_t *count)
{
    const char **found;
    size_t n = 0;
    NN_TRY(nn__places_list(registry));
    NN_TRY(NN_ARENA_ALLOC(arena, &found, count_candidates(registry) + 1));
    for (struct nn__place *place = registry->places; place != NULL; place = place->next) {
        for (size_t i = 0; i < place->count; i++) {
            const struct nn__candidate *candidate = &place->candidates[i];
            struct nn__opened *opened;
            const char *refused;
            if (candidate->kind != 0) {
                if (candidate->kind == kind) {
                    found[n++] = candidate->stem;
                }
                continue;
            }
            NN_TRY(nn__candidate_judge(registry, place, candidate, &opened, &refused));
            if (refused == NULL && opened->plugin.kind == kind) {
                found[n++] = opened->plugin.name;
            }
        }
    }
    qsort(found, n, sizeof *found, by_text);
    size_t unique = 0;
    for (size_t i = 0; i < n; i++) {
        if (unique == 0 || strcmp(found[unique - 1], found[i]) != 0) {
            found[unique++] = found[i];
        }
    }
    for (size_t i = 0; i < unique; i++) {
        NN_TRY(nn_arena_text(arena, found[i], strlen(found[i]), &found[i]));
    }
    *names = found;
    *count = unique;
    return NN_OK;
}

/* An entry as nn_registry_entries() builds it. */
struct seen {
    const struct nn__opened *opened;
    const struct nn__place *place;
    const struct nn__candidate *candidate;
};

static int by_kind_and_name(const void *a, const void *b)
{
    const nn_plugin_entry *x = a, *y = b;
    if (x->kind != y->kind) {
        return x->kind < y->kind ? -1 : 1;
    }
    int names = strcmp(x->name, y->name);
    if (names != 0) {
        return names;
    }
    /* The one in use before those in its shadow. */
    int shadows = (x->shadowed_by != NULL) - (y->shadowed_by != NULL);
    return shadows != 0 ? shadows : strcmp(x->path, y->path);
}

/* Fits a good plugin among those already seen: shadowed by one of an earlier place, refused with one of
 * the same place. */
static nn_status compare_with_seen(nn_arena *arena, nn_plugin_entry *entries, const struct seen *seen,
                                   size_t count)
{
    nn_plugin_entry *entry = &entries[count];
    for (size_t i = 0; i < count; i++) {
        if (entries[i].refused != NULL || entries[i].shadowed_by != NULL
            || entries[i].kind != entry->kind || strcmp(entries[i].name, entry->name) != 0) {
            continue;
        }
        if (seen[i].place != seen[count].place) {
            entry->shadowed_by = entries[i].path;
            return NN_OK;
        }
        NN_TRY(nn_arena_printf(arena, &entry->refused, "two %s of the name %s in one place: %s and %s; "
                               "remove one", nn__kind_info((uint32_t)entry->kind)->plural, entry->name,
                               entries[i].path, entry->path));
        entries[i].refused = entry->refused;
        entries[i].plugin = entry->plugin = NULL;
        return NN_OK;
    }
    return NN_OK;
}

static nn_status add_entry(nn_registry *registry, nn_arena *arena, const struct nn__place *place,
                           const struct nn__candidate *candidate, nn_plugin_entry *entries,
                           struct seen *seen, size_t *count)
{
    struct nn__opened *opened;
    const char *refused;
    NN_TRY(nn__candidate_judge(registry, place, candidate, &opened, &refused));
    for (size_t i = 0; i < *count; i++) {
        if (seen[i].opened == opened) {
            return NN_OK; /* the same file by another name */
        }
    }
    seen[*count] = (struct seen){opened, place, candidate};
    entries[*count] = (nn_plugin_entry){
        .kind = opened->refused == NULL ? opened->plugin.kind : candidate->kind,
        .name = opened->refused == NULL ? opened->plugin.name : candidate->stem,
        .path = candidate->path,
        .plugin = refused == NULL ? &opened->plugin : NULL,
        .refused = refused,
    };
    if (refused == NULL) {
        NN_TRY(compare_with_seen(arena, entries, seen, *count));
    }
    (*count)++;
    return NN_OK;
}

/* Whoever asks for that name is refused where a refused file bears it and none before did: what follows is not
 * reached, nor what lies beside it. */
static void shadow_behind_refused(nn_plugin_entry *entries, const struct seen *seen, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        nn_plugin_entry *entry = &entries[i];
        for (size_t k = 0; k < count && entry->refused == NULL && entry->shadowed_by == NULL; k++) {
            const struct nn__candidate *candidate = seen[k].candidate;
            bool before = k < i || seen[k].place == seen[i].place;
            if (before && entries[k].refused != NULL && strcmp(candidate->stem, entry->name) == 0
                && (candidate->kind == 0 || candidate->kind == entry->kind)) {
                entry->shadowed_by = entries[k].path;
            }
        }
    }
}

nn_status nn_registry_entries(nn_registry *registry, nn_arena *arena, const nn_plugin_entry **entries,
                              size_t *count)
{
    NN_TRY(nn__places_list(registry));
    size_t room = count_candidates(registry) + 1, n = 0;
    nn_plugin_entry *list;
    struct seen *seen;
    NN_TRY(NN_ARENA_ALLOC(arena, &list, room));
    NN_TRY(NN_ARENA_ALLOC(arena, &seen, room));
    for (struct nn__place *place = registry->places; place != NULL; place = place->next) {
        for (size_t i = 0; i < place->count; i++) {
            NN_TRY(add_entry(registry, arena, place, &place->candidates[i], list, seen, &n));
        }
    }
    shadow_behind_refused(list, seen, n);
    if (n > 0) {
        qsort(list, n, sizeof *list, by_kind_and_name);
    }
    *entries = list;
    *count = n;
    return NN_OK;
}
