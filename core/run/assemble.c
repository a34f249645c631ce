/* SPDX-License-Identifier: MIT */
/* From components and data to a network and a training. */
#include "run/inside.h"

#include <nnrun/optimizer.h>

static nn_status create_component(nn_component *component, size_t units, size_t batch)
{
    nn_shape shape = {.size = sizeof shape, .units = units, .batch = batch};
    return nn_component_create(component, &shape);
}

static nn_status make_topology(nn_session *s)
{
    const nn_experiment *e = s->experiment;
    const nn__components *c = &s->components;
    size_t batch = (size_t)e->training.batch_size;
    if (batch > s->sources.train_count) {
        batch = s->sources.train_count;
    }
    s->topology = (nn_topology){
        .bits = e->precision,
        .isa = s->isa,
        .seed = e->seed,
        .batch_size = batch,
        .inputs = s->sources.about.features,
        .layers = c->layers,
        .layer_count = c->layer_count,
        .classes = s->sources.about.targets == NN_TARGETS_CLASSES,
        .input_dropout = e->network.dropout,
        .cost = c->cost,
        .optimizer = c->optimizer,
        .l1 = e->training.l1,
        .l2 = e->training.l2,
        .max_norm = e->training.max_norm,
        .gradient_clip = e->training.gradient_clip,
        .blank = s->trained,
        .host = s->host,
    };
    size_t inputs = s->topology.inputs;
    for (size_t l = 0; l < c->layer_count; l++) {
        nn_layer *layer = &c->layers[l];
        int64_t units = e->network.layers[l].units;
        layer->inputs = inputs;
        layer->units = units == 0 ? s->sources.about.class_count : (size_t)units;
        inputs = layer->units;
        NN_TRY(create_component(layer->activation, layer->units, batch));
        NN_TRY(create_component(layer->initializer, layer->units, batch));
        NN_TRY(create_component(layer->bias_initializer, layer->units, batch));
    }
    s->topology.outputs = inputs;
    NN_TRY(create_component(c->cost, inputs, batch));
    NN_TRY(create_component(c->optimizer, 0, batch));
    return c->schedule == NULL ? NN_OK : create_component(c->schedule, 0, batch);
}

static const char *best_metric(const nn_session *s)
{
    if (s->experiment->checkpoint.best != NULL) {
        return s->experiment->checkpoint.best;
    }
    if (s->sources.validation_count == 0) {
        return "train.cost";
    }
    return s->topology.classes ? "validation.accuracy" : "validation.cost";
}

nn_status nn__assemble_network(nn_session *s)
{
    NN_TRY(make_topology(s));
    return nn_engine_create(&s->topology, s->pool, &s->engine);
}

nn_status nn__assemble(nn_session *s)
{
    const nn_experiment *e = s->experiment;
    const nn__sources *sources = &s->sources;
    NN_TRY(nn__assemble_network(s));
    nn_engine_watch(s->engine, s->options.interrupt);
    bool validation = sources->validation_count > 0;
    NN_TRY(nn_history_create(s->topology.classes, validation, s->topology.layer_count, &s->history));
    s->best_metric = best_metric(s);
    const nn_optimizer *optimizer = s->components.optimizer->ops;
    s->training = (nn_training){
        .engine = s->engine,
        .input = &sources->train_input,
        .rows = sources->train_rows,
        .row_count = sources->train_count,
        .validation = validation ? &sources->validation_input : NULL,
        .validation_rows = sources->validation_rows,
        .validation_count = sources->validation_count,
        .seed = e->seed,
        .epochs = (uint64_t)e->training.epochs,
        .until = s->options.until,
        .batch_size = s->topology.batch_size,
        .rate = optimizer->rate(s->components.optimizer->self),
        .schedule = s->components.schedule,
        .best_metric = s->best_metric,
        .stop_metric = e->training.early_stopping_metric,
        .patience = (uint64_t)e->training.patience,
        .probe = true,
        .interrupt = s->options.interrupt,
    };
    return nn__feed_create(s);
}
