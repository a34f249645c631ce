/* SPDX-License-Identifier: MIT */
/* A loader with its parameters, for tests: what spec and bind do, by hand. */
#ifndef NN_TEST_LOADER_H
#define NN_TEST_LOADER_H

#include "base/memory.h"
#include "base/text.h"
#include "data/dataset.h"
#include "plugin/registry.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything a test of loading needs; loader_setup() fails the test where something is missing. */
typedef struct loader_fixture {
    nn_arena *arena;
    nn_registry *registry;
    nn_host *host;
    nn_component component;
    nn_log log;
    nn_text lines; /* all that was logged */
    nn_load_options options;
    nn_dataset *set;
} loader_fixture;

static inline void loader_line(void *context, nn_log_level level, const char *text)
{
    loader_fixture *fixture = context;
    static const char *const levels[] = {"debug", "info", "warning", "error"};
    nn_text_printf(&fixture->lines, "%s: %s\n", levels[level], text);
}

static inline const nn_param *loader_param(const nn_about *about, const char *name)
{
    for (const nn_param *p = about->params; p != NULL && p->name != NULL; p++) {
        if (strcmp(p->name, name) == 0) {
            return p;
        }
    }
    abort();
}

static inline void *loader_field(loader_fixture *f, const char *name)
{
    return (char *)f->component.self + loader_param(f->component.about, name)->offset;
}

static inline void loader_set_text(loader_fixture *f, const char *name, const char *text)
{
    const char *copy;
    nn_arena_text(f->arena, text, strlen(text), &copy);
    *(const char **)loader_field(f, name) = copy;
}

static inline void loader_set_int(loader_fixture *f, const char *name, int64_t value)
{
    *(int64_t *)loader_field(f, name) = value;
}

static inline void loader_set_real(loader_fixture *f, const char *name, double value)
{
    *(double *)loader_field(f, name) = value;
}

static inline void loader_set_bool(loader_fixture *f, const char *name, bool value)
{
    *(bool *)loader_field(f, name) = value;
}

static inline void loader_set_ints(loader_fixture *f, const char *name, const int64_t *values,
                                   size_t count)
{
    int64_t *copy;
    NN_ARENA_ALLOC(f->arena, &copy, count);
    memcpy(copy, values, count * sizeof *copy);
    *(nn_list *)loader_field(f, name) = (nn_list){copy, count};
}

static inline void loader_defaults(loader_fixture *f)
{
    for (const nn_param *p = f->component.about->params; p != NULL && p->name != NULL; p++) {
        void *field = (char *)f->component.self + p->offset;
        bool none = (p->flags & NN_OPTIONAL) != 0;
        switch (p->type) {
        case NN_TYPE_REAL:
            *(double *)field = none ? NAN : p->def;
            break;
        case NN_TYPE_INT:
            *(int64_t *)field = none ? INT64_MIN : (int64_t)p->def;
            break;
        case NN_TYPE_CHOICE:
            *(int64_t *)field = (int64_t)p->def;
            break;
        case NN_TYPE_BOOL:
            *(bool *)field = p->def != 0;
            break;
        case NN_TYPE_TEXT:
        case NN_TYPE_PATH:
            *(const char **)field = p->def_text;
            break;
        default:
            break;
        }
    }
}

/* Finds the plugin in NNRUN_TEST_PLUGINS; parameters have their defaults. */
static inline void component_setup(loader_fixture *f, nn_kind kind, const char *name, unsigned bits,
                                   nn_isa isa)
{
    *f = (loader_fixture){.options = {.bits = bits}};
    f->log = (nn_log){NN_DEBUG, loader_line, f};
    f->options.log = &f->log;
    const nn_plugin *plugin = NULL;
    const void *ops = NULL;
    const char *plugins = getenv("NNRUN_TEST_PLUGINS");
    if (plugins == NULL) {
        fprintf(stderr, "NNRUN_TEST_PLUGINS must name the build's folder of plugins\n");
        exit(2);
    }
    if (nn_arena_create(&f->arena) != NN_OK || nn_registry_create(NULL, &f->registry) != NN_OK
        || nn_registry_add(f->registry, plugins, true) != NN_OK
        || nn_registry_find(f->registry, kind, name, &plugin) != NN_OK
        || nn_plugin_ops(plugin, bits, isa, &ops) != NN_OK
        || nn_host_create(f->arena, bits, &f->log, "", &f->host) != NN_OK) {
        fprintf(stderr, "%s: %s\n", name, nn_story());
        abort();
    }
    f->component = (nn_component){.plugin = plugin, .kind = kind, .name = name,
                                  .ops = ops, .about = ops, .host = f->host};
    nn_arena_alloc(f->arena, f->component.about->self_size, &f->component.self);
    loader_defaults(f);
}

static inline void loader_setup_bits(loader_fixture *f, const char *name, unsigned bits)
{
    component_setup(f, NN_KIND_LOADER, name, bits, NN_ISA_X86_64_V2);
}

static inline void loader_setup(loader_fixture *f, const char *name)
{
    loader_setup_bits(f, name, 32);
}

static inline nn_status loader_open(loader_fixture *f)
{
    nn_dataset_close(f->set);
    f->set = NULL;
    return nn_dataset_open(&f->component, &f->options, &f->set);
}

static inline void loader_finish(loader_fixture *f)
{
    nn_dataset_close(f->set);
    nn_registry_destroy(f->registry);
    nn_arena_destroy(f->arena);
    nn_text_finish(&f->lines);
}

#endif
