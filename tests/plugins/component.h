/* SPDX-License-Identifier: MIT */
/* A plugin's .so opened without the rest of nnrun: its float64 table for one instruction set, and
 * its parameters at their defaults but for those named in a text. */
#ifndef COMPONENT_H
#define COMPONENT_H

#define NN_REAL_BITS 64
#include "base/random.h"
#include "isa.h"

#include <nnrun/plugin.h>

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct component {
    void *library;
    const void *ops; /* nn_activation, nn_cost, ... */
    const nn_about *about;
    void *self;
    nn_host host;
    char failure[256]; /* what the plugin last gave to host.fail() */
} component;

static inline void *component_alloc(const nn_host *host, size_t bytes)
{
    (void)host;
    return aligned_alloc(64, (bytes + 63) / 64 * 64);
}

static inline void component_free(const nn_host *host, void *memory)
{
    (void)host;
    free(memory);
}

static inline void component_uniform(const nn_host *host, const nn_stream *stream, uint64_t first,
                                     size_t count, double *out)
{
    (void)host;
    nn_random_uniform(stream, first, count, out);
}

static inline void component_normal(const nn_host *host, const nn_stream *stream, uint64_t first,
                                    size_t count, double *out)
{
    (void)host;
    nn_random_normal(stream, first, count, out);
}

__attribute__((format(printf, 3, 4))) static inline nn_status
component_fail(const nn_host *host, nn_status code, const char *format, ...)
{
    component *c = host->context;
    va_list args;
    va_start(args, format);
    vsnprintf(c->failure, sizeof c->failure, format, args);
    va_end(args);
    return code;
}

/* Sets one parameter from "name=value", or from its default where value is NULL. */
static inline void component_set(const component *c, const nn_param *row, const char *value)
{
    void *field = (char *)c->self + row->offset;
    switch (row->type) {
    case NN_TYPE_REAL:
        *(double *)field = value ? atof(value) : row->def;
        break;
    case NN_TYPE_INT:
        *(int64_t *)field = value ? atoll(value) : (int64_t)row->def;
        break;
    case NN_TYPE_BOOL:
        *(bool *)field = value ? strcmp(value, "true") == 0 : row->def != 0;
        break;
    case NN_TYPE_CHOICE:
        *(int64_t *)field = (int64_t)row->def;
        for (int64_t k = 0; value && row->choices[k]; k++) {
            if (strcmp(row->choices[k], value) == 0) {
                *(int64_t *)field = k;
                return;
            }
        }
        assert_null(value);
        break;
    default: /* lists stay empty */
        assert_true(row->type & NN_TYPE_LIST);
        assert_null(value);
        break;
    }
}

/* settings: "name=value name=value", NULL for defaults.  The field of a row, for what text can't
 * say. */
static inline void *component_field(const component *c, const char *name)
{
    for (const nn_param *row = c->about->params; row && row->name; row++) {
        if (strcmp(row->name, name) == 0) {
            return (char *)c->self + row->offset;
        }
    }
    fail_msg("%s has no parameter %s", c->about->name, name);
    return NULL;
}

static inline nn_status component_open(component *c, const char *kind, const char *name,
                                       uint32_t isa, const char *settings)
{
    char path[1024];
    const char *folder = getenv("NNRUN_TEST_PLUGINS");
    snprintf(path, sizeof path, "%s/%s/%s.so", folder ? folder : "plugins", kind, name);
    memset(c, 0, sizeof *c);
    c->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!c->library) {
        fail_msg("%s", dlerror());
    }
    void *symbol = dlsym(c->library, NN_PLUGIN_SYMBOL);
    assert_non_null(symbol);
    nn_plugin_function *function;
    memcpy(&function, &symbol, sizeof function);
    const nn_manifest *manifest = function();
    for (uint32_t k = 0; k < manifest->variant_count; k++) {
        const nn_variant *variant = &manifest->variants[k];
        if (variant->bits == 64 && variant->isa == isa && variant->ops) {
            c->ops = variant->ops;
        }
    }
    if (!c->ops) {
        dlclose(c->library);
        c->library = NULL;
        return NN_ERR_NOT_FOUND;
    }
    c->about = c->ops;
    c->host = (nn_host){
        .size = sizeof(nn_host),
        .bits = 64,
        .context = c,
        .alloc = component_alloc,
        .free = component_free,
        .uniform = component_uniform,
        .normal = component_normal,
        .fail = component_fail,
    };
    c->self = calloc(1, c->about->self_size + 1);
    assert_non_null(c->self);
    for (const nn_param *row = c->about->params; row && row->name; row++) {
        component_set(c, row, NULL);
    }
    char copy[256];
    snprintf(copy, sizeof copy, "%s", settings ? settings : "");
    char *rest = NULL;
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        char *equals = strchr(word, '=');
        assert_non_null(equals);
        *equals = '\0';
        const nn_param *row = c->about->params;
        while (row && row->name && strcmp(row->name, word) != 0) {
            row++;
        }
        if (!row || !row->name) {
            fail_msg("%s has no parameter %s", name, word);
        } else {
            component_set(c, row, equals + 1);
        }
    }
    return NN_OK;
}

/* For components with state of their own; shape may be all 0. */
static inline nn_status component_create(component *c, const nn_shape *shape)
{
    return c->about->create ? c->about->create(&c->host, c->self, shape) : NN_OK;
}

static inline void component_close(component *c)
{
    if (c->about && c->about->destroy) {
        c->about->destroy(&c->host, c->self);
    }
    free(c->self);
    if (c->library) {
        dlclose(c->library);
    }
    memset(c, 0, sizeof *c);
}

/* The instruction sets to try: those that this machine runs and the plugin was built for. */
static const uint32_t component_isas[] = {NN_ISA_ANY, NN_ISA_X86_64_V2, NN_ISA_X86_64_V3,
                                          NN_ISA_X86_64_V4};
enum { COMPONENT_ISAS = sizeof component_isas / sizeof *component_isas };

/* True where the variant is there and may run; c is open then. */
static inline bool component_try(component *c, const char *kind, const char *name, uint32_t isa,
                                 const char *settings)
{
    return isa_runs(isa) && component_open(c, kind, name, isa, settings) == NN_OK;
}

/* Numbers for tests, uniform in [least, most). */
static inline double component_random(uint64_t *position, double least, double most)
{
    const nn_stream stream = nn_stream_make(7, "test", 0, 0);
    double unit;
    nn_random_uniform(&stream, (*position)++, 1, &unit);
    return least + (most - least) * unit;
}

#endif
