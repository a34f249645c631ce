/* SPDX-License-Identifier: MIT */
#include "run/trace.h"

#include "run/inside.h"
#include "store/read.h"

#include <nnrun/activation.h>
#include <nnrun/cost.h>

#include <math.h>
#include <string.h>

/* What is traced, and with what. */
struct tracer {
    nn_session *session;
    const nn_topology *topology;
    const nn_input *input;
    uint32_t row;
    nn_trace engine;
    nn_sample_trace *out;
};

static nn_status reals(struct tracer *t, size_t count, double **out)
{
    return NN_ARENA_ALLOC(t->session->arena, out, count);
}

static nn_status copy(struct tracer *t, const void *from, size_t count, const double **out)
{
    double *to;
    NN_TRY(reals(t, count, &to));
    memcpy(to, from, count * sizeof *to);
    *out = to;
    return NN_OK;
}

/* --- weights ----------------------------------------------------------------------------------------------- */

/* Stored weights of either precision as doubles. */
static nn_status widen(struct tracer *t, const void *stored, unsigned bits, size_t count,
                       double **out)
{
    NN_TRY(reals(t, count, out));
    for (size_t i = 0; i < count; i++) {
        (*out)[i] = bits == 32 ? (double)((const float *)stored)[i] : ((const double *)stored)[i];
    }
    return NN_OK;
}

static nn_status take_weights(struct tracer *t, const char *run)
{
    nn_session *s = t->session;
    const char *path;
    nn_stored_model model;
    NN_TRY(nn_run_weights_path(run, s->options.log, s->arena, &path, &t->out->epoch));
    NN_TRY(nn_run_read_model(path, s->arena, &model));
    if (model.layer_count != t->topology->layer_count) {
        return nn_fail(NN_ERR_CHECKPOINT, "%s: %zu layers, its spec has %zu", path, model.layer_count,
                       t->topology->layer_count);
    }
    for (size_t l = 0; l < model.layer_count; l++) {
        const nn_stored_layer *from = &model.layers[l];
        const nn_layer *to = &t->topology->layers[l];
        if (from->inputs != to->inputs || from->units != to->units) {
            return nn_fail(NN_ERR_CHECKPOINT, "%s: layer %zu is %zu x %zu, its spec says %zu x %zu",
                           path, l + 1, from->units, from->inputs, to->units, to->inputs);
        }
        double *weight, *bias;
        NN_TRY(widen(t, from->weight, model.bits, from->inputs * from->units, &weight));
        NN_TRY(widen(t, from->bias, model.bits, from->units, &bias));
        nn_engine_set(s->engine, l, weight, bias);
    }
    return NN_OK;
}

/* --- the sample -------------------------------------------------------------------------------------------- */

static nn_status choose_sample(struct tracer *t, const char *set, size_t sample)
{
    nn__sources *sources = &t->session->sources;
    bool test = set == NULL ? sources->test_count > 0 : strcmp(set, "test") == 0;
    if (set != NULL && !test && strcmp(set, "train") != 0) {
        return nn_fail(NN_ERR_USAGE, "no set is called \"%s\": there are train and test", set);
    }
    if (test && sources->test_count == 0) {
        return nn_fail(NN_ERR_USAGE, "this experiment has no test set; --set train has samples");
    }
    size_t count = test ? sources->test_count : sources->about.samples;
    if (sample >= count) {
        return nn_fail(NN_ERR_USAGE, "the %s set has samples 0 to %zu, not %zu",
                       test ? "test" : "training", count - 1, sample);
    }
    t->input = test ? &sources->test_input : &sources->train_input;
    t->row = (uint32_t)sample;
    t->out->set = test ? "test" : "train";
    t->out->sample = sample;
    t->out->height = sources->about.height;
    t->out->width = sources->about.width;
    t->out->channels = sources->about.channels;
    t->out->image = sources->about.image;
    return NN_OK;
}

static nn_status take_targets(struct tracer *t)
{
    size_t outputs = t->topology->outputs;
    const char *const *names = t->session->sources.about.class_names;
    double *y;
    NN_TRY(reals(t, outputs, &y));
    t->out->y = y;
    if (t->input->labels == NULL) {
        memcpy(y, (const double *)t->input->targets + t->row * outputs, outputs * sizeof *y);
        return NN_OK;
    }
    size_t label = (size_t)t->input->labels[t->row], best = 0;
    const double *a = t->engine.a[t->topology->layer_count - 1];
    memset(y, 0, outputs * sizeof *y);
    y[label] = 1;
    for (size_t j = 1; j < outputs; j++) {
        best = a[j] > a[best] ? j : best;
    }
    t->out->label = names[label];
    t->out->guess = names[best];
    return NN_OK;
}

/* --- forward ----------------------------------------------------------------------------------------------- */

static nn_status take_forward(struct tracer *t)
{
    const nn_topology *topology = t->topology;
    const double *below = NULL;
    NN_TRY(copy(t, t->engine.input, topology->inputs, &below));
    t->out->x = below;
    t->out->features = topology->inputs;
    t->out->outputs = topology->outputs;
    for (size_t l = 0; l < topology->layer_count; l++) {
        const nn_layer *layer = &topology->layers[l];
        double *w, *b;
        nn_layer_trace *at = &t->out->layers[l];
        *at = (nn_layer_trace){.inputs = layer->inputs, .units = layer->units,
                               .activation = layer->activation->name, .input = below};
        NN_TRY(copy(t, t->engine.z[l], layer->units, &at->z));
        NN_TRY(copy(t, t->engine.a[l], layer->units, &at->a));
        NN_TRY(reals(t, layer->inputs * layer->units, &w));
        NN_TRY(reals(t, layer->units, &b));
        nn_engine_get(t->session->engine, l, w, b);
        at->w = w;
        at->b = b;
        below = at->a;
    }
    return NN_OK;
}

/* --- backward ---------------------------------------------------------------------------------------------- */

/* da_L = dC/da_L. */
static nn_status output_gradient(struct tracer *t, double **da)
{
    const nn_component *component = t->topology->cost;
    const nn_cost *cost = component->ops;
    const nn_layer_trace *last = &t->out->layers[t->topology->layer_count - 1];
    bool by_class = t->input->labels != NULL && (cost->flags & NN_TAKES_CLASSES) != 0;
    NN_TRY(reals(t, last->units, da));
    cost->gradient(component->self, 1, last->units, (const void *)last->a,
                   by_class ? NULL : (const void *)t->out->y,
                   by_class ? t->input->labels + t->row : NULL, (void *)*da);
    return NN_OK;
}

/* da_l = dz_{l+1} w_{l+1}: what the errors above make of each output of this layer. */
static nn_status carried_back(struct tracer *t, size_t l, double **da)
{
    const nn_layer_trace *above = &t->out->layers[l + 1];
    NN_TRY(reals(t, above->inputs, da));
    for (size_t k = 0; k < above->inputs; k++) {
        double sum = 0;
        for (size_t j = 0; j < above->units; j++) {
            sum += above->dz[j] * above->w[j * above->inputs + k];
        }
        (*da)[k] = sum;
    }
    return NN_OK;
}

/* f'(z) and dz = da * f'(z): the second half of BP1 and BP2. */
static nn_status through_activation(struct tracer *t, size_t l)
{
    const nn_component *component = t->topology->layers[l].activation;
    const nn_activation *f = component->ops;
    nn_layer_trace *at = &t->out->layers[l];
    const void *z = (f->flags & NN_NEEDS_Z) != 0 ? at->z : NULL;
    const void *a = (f->flags & NN_NEEDS_A) != 0 ? at->a : NULL;
    double *dz, *slope;
    NN_TRY(reals(t, at->units, &dz));
    f->backward(component->self, 1, at->units, z, a, (const void *)at->da, (void *)dz);
    at->dz = dz;
    if ((f->flags & NN_ELEMENTWISE) == 0) {
        return NN_OK;
    }
    double *ones;
    NN_TRY(reals(t, at->units, &ones));
    NN_TRY(reals(t, at->units, &slope));
    for (size_t j = 0; j < at->units; j++) {
        ones[j] = 1;
    }
    f->backward(component->self, 1, at->units, z, a, (const void *)ones, (void *)slope);
    at->slope = slope;
    return NN_OK;
}

/* BP4: dw[j][k] = dz[j] a[k], a the layer's inputs. */
static nn_status weight_gradient(struct tracer *t, nn_layer_trace *at)
{
    double *dw;
    NN_TRY(reals(t, at->units * at->inputs, &dw));
    for (size_t j = 0; j < at->units; j++) {
        for (size_t k = 0; k < at->inputs; k++) {
            dw[j * at->inputs + k] = at->dz[j] * at->input[k];
        }
    }
    at->dw = dw;
    return NN_OK;
}

static nn_status take_backward(struct tracer *t)
{
    for (size_t l = t->topology->layer_count; l-- > 0;) {
        nn_layer_trace *at = &t->out->layers[l];
        double *da;
        if (l + 1 == t->topology->layer_count) {
            NN_TRY(output_gradient(t, &da));
        } else {
            NN_TRY(carried_back(t, l, &da));
        }
        at->da = da;
        NN_TRY(through_activation(t, l));
        NN_TRY(weight_gradient(t, at));
    }
    return NN_OK;
}

/* --- against the engine ------------------------------------------------------------------------------------ */

static void compare(const double *here, const double *engine, size_t count, double *difference)
{
    for (size_t i = 0; i < count; i++) {
        double d = fabs(here[i] - engine[i]) / fmax(1, fabs(engine[i]));
        *difference = d <= *difference ? *difference : d;
    }
}

static bool plain(const nn_topology *topology)
{
    bool dropout = topology->input_dropout > 0;
    for (size_t l = 0; l < topology->layer_count; l++) {
        dropout = dropout || topology->layers[l].dropout > 0;
    }
    return !dropout && topology->l1 == 0 && topology->l2 == 0;
}

static nn_status compare_engine(struct tracer *t, const nn_stretch *stretch)
{
    size_t layers = t->topology->layer_count;
    double *difference = &t->out->difference, **dw, **db, cost;
    for (size_t l = 0; l < layers; l++) {
        compare(t->out->layers[l].dz, t->engine.dz[l], t->out->layers[l].units, difference);
    }
    if (!plain(t->topology)) {
        return NN_OK;
    }
    NN_TRY(NN_ARENA_ALLOC(t->session->arena, &dw, layers));
    NN_TRY(NN_ARENA_ALLOC(t->session->arena, &db, layers));
    for (size_t l = 0; l < layers; l++) {
        NN_TRY(reals(t, t->out->layers[l].units * t->out->layers[l].inputs, &dw[l]));
        NN_TRY(reals(t, t->out->layers[l].units, &db[l]));
    }
    NN_TRY(nn_engine_gradient(t->session->engine, stretch, (void *const *)dw, (void *const *)db,
                              &cost));
    for (size_t l = 0; l < layers; l++) {
        const nn_layer_trace *at = &t->out->layers[l];
        compare(at->dw, dw[l], at->units * at->inputs, difference);
        compare(at->dz, db[l], at->units, difference);
    }
    return NN_OK;
}

static bool is_linked(const nn_topology *topology)
{
    const nn_cost *cost = topology->cost->ops;
    const nn_activation *last = topology->layers[topology->layer_count - 1].activation->ops;
    return cost->link_gradient != NULL && (cost->flags & last->flags & NN_LINKS) != 0;
}

nn_status nn_trace_sample(nn_session *s, const char *run, const char *set, size_t sample,
                          nn_sample_trace *out)
{
    NN_TRY(nn__open_network(s));
    if (s->topology.bits != 64) {
        return nn_fail(NN_ERR_STATE, "a sample is traced in float64");
    }
    struct tracer t = {.session = s, .topology = &s->topology, .out = out};
    *out = (nn_sample_trace){.layer_count = s->topology.layer_count,
                             .cost_name = s->topology.cost->name,
                             .linked = is_linked(&s->topology)};
    NN_TRY(NN_ARENA_ALLOC(s->arena, &out->layers, out->layer_count));
    if (run != NULL) {
        NN_TRY(take_weights(&t, run));
    }
    NN_TRY(choose_sample(&t, set, sample));
    nn_stretch stretch = {.input = t.input, .order = &t.row, .count = 1};
    NN_TRY(nn_engine_trace(s->engine, &stretch, false, &t.engine));
    out->cost = t.engine.cost;
    NN_TRY(take_targets(&t));
    NN_TRY(take_forward(&t));
    NN_TRY(take_backward(&t));
    return compare_engine(&t, &stretch);
}
