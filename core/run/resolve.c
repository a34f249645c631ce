/* SPDX-License-Identifier: MIT */
/* Names to components: every use in the spec becomes a bound component. */
#include "run/inside.h"

#include <string.h>

static nn_status bind(nn_session *s, nn_kind kind, const nn_use *use, nn_component **out)
{
    NN_TRY(nn_bind(s->registry, kind, use, s->experiment->precision, s->isa, s->host, s->arena,
                   s->diagnostics, out));
    nn__components *c = &s->components;
    if (*out != NULL) {
        c->all[c->all_count++] = *out;
    }
    return NN_OK;
}

static nn_status bind_layers(nn_session *s)
{
    const nn_experiment *e = s->experiment;
    nn__components *c = &s->components;
    c->layer_count = e->network.layer_count;
    NN_TRY(NN_ARENA_ALLOC(s->arena, &c->layers, c->layer_count));
    for (size_t l = 0; l < c->layer_count; l++) {
        const nn_spec_layer *spec = &e->network.layers[l];
        nn_layer *layer = &c->layers[l];
        layer->dropout = spec->dropout;
        NN_TRY(bind(s, NN_KIND_ACTIVATION, &spec->activation, &layer->activation));
        NN_TRY(bind(s, NN_KIND_INITIALIZER, &spec->initializer, &layer->initializer));
        NN_TRY(bind(s, NN_KIND_INITIALIZER, &spec->bias_initializer, &layer->bias_initializer));
    }
    return NN_OK;
}

static nn_status bind_data(nn_session *s)
{
    const nn_experiment *e = s->experiment;
    nn__components *c = &s->components;
    NN_TRY(bind(s, NN_KIND_LOADER, &e->data.train, &c->train));
    NN_TRY(bind(s, NN_KIND_LOADER, &e->data.test, &c->test));
    if (e->data.validation == NN_VALIDATION_LOADER) {
        NN_TRY(bind(s, NN_KIND_LOADER, &e->data.validation_loader, &c->validation));
    }
    c->transform_count = e->data.transform_count;
    NN_TRY(NN_ARENA_ALLOC(s->arena, &c->transforms, c->transform_count));
    for (size_t i = 0; i < c->transform_count; i++) {
        NN_TRY(bind(s, NN_KIND_TRANSFORM, &e->data.transforms[i], &c->transforms[i]));
    }
    return NN_OK;
}

nn_status nn__resolve(nn_session *s)
{
    const nn_experiment *e = s->experiment;
    nn__components *c = &s->components;
    c->all_room = 3 * e->network.layer_count + e->data.transform_count + 6;
    NN_TRY(NN_ARENA_ALLOC(s->arena, &c->all, c->all_room));
    NN_TRY(bind_data(s));
    NN_TRY(bind_layers(s));
    NN_TRY(bind(s, NN_KIND_COST, &e->network.cost, &c->cost));
    NN_TRY(bind(s, NN_KIND_OPTIMIZER, &e->training.optimizer, &c->optimizer));
    /* `constant` with nothing to vary is what the loop does by itself. */
    const nn_use *schedule = &e->training.schedule;
    if (schedule->name != NULL
        && (strcmp(schedule->name, "constant") != 0
            || (schedule->node != NULL && schedule->node->kind == NN_NODE_MAP
                && schedule->node->count > 1))) {
        NN_TRY(bind(s, NN_KIND_SCHEDULE, schedule, &c->schedule));
    }
    return NN_OK;
}
