/* SPDX-License-Identifier: MIT */
#include "run/plan.h"

#include "base/cores.h"
#include "base/path.h"
#include "run/inside.h"

static uint64_t bytes_of(const nn_session *s, const nn_dataset_about *about, size_t samples)
{
    uint64_t real = s->experiment->precision / 8;
    uint64_t value = about->dtype == NN_DTYPE_UINT8 ? 1 : real;
    uint64_t target = about->targets == NN_TARGETS_CLASSES ? sizeof(int32_t) : real * about->outputs;
    return samples * (value * about->features + target);
}

static nn_status plan_layers(nn_session *s, nn_plan *plan)
{
    const nn_topology *topology = &s->topology;
    nn_plan_layer *layers;
    NN_TRY(NN_ARENA_ALLOC(s->arena, &layers, topology->layer_count));
    for (size_t l = 0; l < topology->layer_count; l++) {
        const nn_layer *layer = &topology->layers[l];
        layers[l] = (nn_plan_layer){
            .activation = layer->activation->name,
            .inputs = layer->inputs,
            .units = layer->units,
            .parameters = (uint64_t)layer->units * (layer->inputs + 1),
            .dropout = layer->dropout,
        };
        plan->parameters += layers[l].parameters;
    }
    plan->layers = layers;
    plan->layer_count = topology->layer_count;
    return NN_OK;
}

nn_status nn_session_plan(nn_session *s, const nn_plan **out)
{
    const nn_experiment *e = s->experiment;
    nn__sources *sources = &s->sources;
    NN_TRY(nn_session_check(s, true));
    if (sources->about.samples == 0) {
        return nn_fail(NN_ERR_DATA, "the data are not there, so neither layers nor steps can be counted");
    }
    nn_plan *plan;
    NN_TRY(NN_ARENA_ALLOC(s->arena, &plan, 1));
    const nn_dataset_about *about = &sources->about;
    if (s->engine == NULL) {
        NN_TRY(nn__assemble_network(s));
    }
    NN_TRY(plan_layers(s, plan));
    plan->name = e->name;
    plan->precision = e->precision == 64 ? "float64" : "float32";
    plan->height = about->height;
    plan->width = about->width;
    plan->channels = about->channels;
    plan->classes = about->class_count;
    plan->train = sources->train_count;
    plan->validation = sources->validation_count;
    plan->test = sources->test_count;
    size_t threads = s->options.threads > 0 ? s->options.threads : e->threads;
    plan->threads = threads > 0 ? threads : nn_cores();
    plan->batch_size = s->topology.batch_size;
    plan->epochs = (uint64_t)e->training.epochs;
    plan->steps_per_epoch = (plan->train + plan->batch_size - 1) / plan->batch_size;
    plan->steps = plan->steps_per_epoch * plan->epochs;
    size_t own = e->data.validation == NN_VALIDATION_LOADER ? plan->validation : 0;
    plan->data_bytes = bytes_of(s, about, about->samples) + bytes_of(s, about, own + plan->test);
    plan->network_bytes = nn_engine_memory(s->engine);
    NN_TRY(nn_path_join(s->arena, s->options.results, e->name, &plan->folder));
    *out = plan;
    return NN_OK;
}
