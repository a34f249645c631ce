/* SPDX-License-Identifier: MIT */
#include "run/doctor.h"

#include "base/arena.h"
#include "base/cores.h"
#include "base/path.h"
#include "plugin/registry.h"
#include "run/places.h"
#include "store/provenance.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A finding, its name in a column of its own. */
static void say(nn_text *out, const char *what, const char *value)
{
    nn_text_printf(out, "%-18s ", what);
    nn_text_escape(out, value, strlen(value));
    nn_text_put(out, "\n");
}

static nn_status say_build(nn_arena *arena, nn_text *out)
{
    nn_provenance *provenance;
    size_t count;
    NN_TRY(nn_provenance_create(0, NULL, 0, nn_cores(), NULL, 0, arena, &provenance));
    const nn_fact *facts = nn_provenance_facts(provenance, &count);
    static const char *const wanted[] = {"nnrun", "commit", "compiler", "os", "cpu",
                                         "libraries/hdf5", "libraries/libc", "libraries/xxhash"};
    for (size_t w = 0; w < sizeof wanted / sizeof wanted[0]; w++) {
        for (size_t i = 0; i < count; i++) {
            if (strcmp(facts[i].name, wanted[w]) == 0) {
                const char *slash = strchr(wanted[w], '/');
                say(out, slash == NULL ? wanted[w] : slash + 1, facts[i].value);
            }
        }
    }
    return NN_OK;
}

static void say_machine(nn_text *out, size_t *problems)
{
    nn_isa isa;
    char threads[64];
    snprintf(threads, sizeof threads, "%zu (`threads: auto`)", nn_cores());
    say(out, "threads", threads);
    if (nn_isa_choose(&isa) == NN_OK) {
        say(out, "instruction set", nn_isa_name(isa));
    } else {
        say(out, "instruction set", nn_story());
        (*problems)++;
    }
}

/* The kinds and how many plugins of each; every refused one with its reason. */
static nn_status say_plugins(nn_registry *registry, nn_arena *arena, nn_text *out, size_t *problems)
{
    const nn_plugin_entry *entries;
    size_t count;
    NN_TRY(nn_registry_entries(registry, arena, &entries, &count));
    for (int kind = NN_KIND_ACTIVATION; kind <= NN_KIND_TRANSFORM; kind++) {
        nn_text names = {0};
        for (size_t i = 0; i < count; i++) {
            bool used = entries[i].refused == NULL && entries[i].shadowed_by == NULL;
            if (used && entries[i].kind == (nn_kind)kind) {
                nn_text_printf(&names, "%s%s", names.length > 0 ? " " : "", entries[i].name);
            }
        }
        say(out, nn_kind_name((nn_kind)kind), names.length > 0 ? nn_text_view(&names) : "none");
        *problems += names.length == 0 && kind <= NN_KIND_INITIALIZER;
        nn_text_finish_part(&names, out);
    }
    for (size_t i = 0; i < count; i++) {
        if (entries[i].refused != NULL && i > 0 && entries[i].refused == entries[i - 1].refused) {
            continue; /* the other of two of one name */
        }
        if (entries[i].refused != NULL) {
            say(out, "refused plugin", entries[i].refused);
            (*problems)++;
        } else if (entries[i].shadowed_by != NULL) {
            nn_text line = {0};
            nn_text_printf(&line, "%s by %s", entries[i].path, entries[i].shadowed_by);
            say(out, "shadowed plugin", nn_text_view(&line));
            nn_text_finish_part(&line, out);
        }
    }
    return NN_OK;
}

static void say_results(const char *results, nn_text *out, size_t *problems)
{
    bool there = nn_path_is_folder(results);
    bool writable = access(there ? results : ".", W_OK) == 0;
    nn_text line = {0};
    nn_text_printf(&line, "%s%s", results,
                   !writable ? ": can't be written" : there ? "" : " (will be made)");
    say(out, "results", nn_text_view(&line));
    nn_text_finish_part(&line, out);
    *problems += !writable;
}

static nn_status examine(const nn_plugin_places *places, const char *results, const nn_log *log,
                         nn_arena *arena, nn_text *out, size_t *problems)
{
    NN_TRY(say_build(arena, out));
    say_machine(out, problems);
    say_results(results, out, problems);
    nn_registry *registry;
    NN_TRY(nn_registry_create(log, &registry));
    nn_status status = nn_places_add(places, registry, arena);
    if (status != NN_OK && status != NN_ERR_MEMORY) {
        say(out, "plugin path", nn_story());
        (*problems)++;
        status = NN_OK;
    }
    say(out, "plugin folder", places->installed == NULL ? "none" : places->installed);
    if (status == NN_OK) {
        status = say_plugins(registry, arena, out, problems);
    }
    nn_registry_destroy(registry);
    return status;
}

nn_status nn_doctor(const nn_plugin_places *places, const char *results, const nn_log *log,
                    nn_text *out, size_t *problems)
{
    nn_arena *arena;
    *problems = 0;
    NN_TRY(nn_arena_create(&arena));
    nn_status status = examine(places, results, log, arena, out, problems);
    nn_arena_destroy(arena);
    return status == NN_OK ? nn_text_status(out) : status;
}
