/* SPDX-License-Identifier: MIT */
#include "run/schema.h"

#include "plugin/describe.h"
#include "spec/json_schema.h"

typedef struct catalogue {
    nn_registry *registry;
    nn_arena *arena;
} catalogue;

static nn_status kind_schema(void *context, const char *kind, const char *extra, nn_text *out)
{
    const catalogue *c = context;
    return nn_describe_kind_schema(c->registry, nn_kind_of(kind), extra, c->arena, out);
}

nn_status nn_run_schema(const nn_plugin_places *places, const nn_log *log, nn_text *out)
{
    catalogue c = {0};
    NN_TRY(nn_arena_create(&c.arena));
    nn_status status = nn_registry_create(log, &c.registry);
    if (status == NN_OK) {
        status = nn_places_add(places, c.registry, c.arena);
    }
    if (status == NN_OK) {
        status = nn_json_schema(kind_schema, &c, out);
    }
    nn_registry_destroy(c.registry);
    nn_arena_destroy(c.arena);
    return status;
}
