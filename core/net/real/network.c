/* SPDX-License-Identifier: MIT */
/* Making a network: every allocation of an engine happens here (and once more where gradients or a
 * trace are first asked for), so that an epoch allocates nothing. */
#include "net/real/network.h"

#include "base/memory.h"
#include "base/random.h"

#include <math.h>
#include <string.h>

/* Blocks in the order they were made; all die together. */
struct block_list {
    struct block_list *next;
    void *memory;
};

nn_status network_memory(network *net, size_t bytes, const char *what, void **out)
{
    struct block_list *node;
    NN_TRY(NN_ALLOC(&node, 1, what));
    nn_status status = nn_alloc(bytes, 1, what, &node->memory);
    if (status != NN_OK) {
        nn_free(node);
        return status;
    }
    node->next = net->blocks;
    net->blocks = node;
    net->base.bytes += bytes;
    *out = node->memory;
    return NN_OK;
}

nn_status network_reals(network *net, size_t count, const char *what, nn_real **out)
{
    if (count > SIZE_MAX / sizeof **out) {
        return nn_fail_memory(what, SIZE_MAX);
    }
    return network_memory(net, count * sizeof **out, what, (void **)out);
}

static nn_status make_weights(network *net, layer *l)
{
    size_t weights = panel_reals(l->inputs, l->units), biases = l->panels * PANEL;
    for (int k = 0; k < 2; k++) {
        if (k == 1 && !l->twin) {
            l->w[1] = l->w[0];
            l->b[1] = l->b[0];
            break;
        }
        NN_TRY(network_reals(net, weights, "weights", &l->w[k]));
        NN_TRY(network_reals(net, biases, "biases", &l->b[k]));
    }
    for (size_t s = 0; s < net->base.slot_count; s++) {
        NN_TRY(network_reals(net, weights, "optimizer slots", &l->slot_w[s]));
        NN_TRY(network_reals(net, biases, "optimizer slots", &l->slot_b[s]));
    }
    return NN_OK;
}

static nn_status make_outputs(network *net, layer *l, int k, bool last)
{
    size_t reals = panel_reals(net->rows, l->units);
    NN_TRY(network_reals(net, reals, "activations", &l->z[k]));
    l->a[k] = l->z[k];
    if (l->needs_z && !last) {
        NN_TRY(network_reals(net, reals, "activations", &l->a[k]));
    }
    l->out[k] = l->a[k];
    if (l->dropout > 0 && !last) {
        NN_TRY(network_reals(net, reals, "dropped activations", &l->out[k]));
    }
    return NN_OK;
}

static nn_status make_activations(network *net, layer *l, bool last)
{
    size_t reals = panel_reals(net->rows, l->units);
    NN_TRY(make_outputs(net, l, 0, last));
    if (l->twin_out) {
        NN_TRY(make_outputs(net, l, 1, last));
    }
    if (net->optimizer == NULL) {
        return NN_OK;
    }
    if (l->dropout > 0 && !last) {
        NN_TRY(network_reals(net, reals, "dropout masks", &l->mask));
    }
    NN_TRY(network_reals(net, reals, "gradients of activations", &l->dz));
    /* What has slots is never folded. */
    return net->base.slot_count > 0 ? NN_OK
                                    : network_reals(net, reals, "gradients of activations", &l->dz_scaled);
}

nn_status network_store(network *net)
{
    if (net->layers[0].gw != NULL) {
        return NN_OK;
    }
    net->block_count = 0;
    for (size_t l = 0; l < net->layer_count; l++) {
        layer *at = &net->layers[l];
        NN_TRY(network_reals(net, at->panels * PANEL, "gradients", &at->gb));
        NN_TRY(network_reals(net, panel_reals(at->inputs, at->units), "gradients", &at->gw));
        net->block_count += at->panels * (1 + (at->inputs + UPDATE_INPUTS - 1) / UPDATE_INPUTS);
    }
    return network_memory(net, net->block_count * sizeof(double), "gradient norms",
                          (void **)&net->block_norm);
}

static nn_status make_inputs(network *net, size_t rows, inputs *in)
{
    NN_TRY(network_reals(net, rows * net->input_stride, "inputs", &in->x));
    NN_TRY(network_memory(net, rows * net->input_stride * sizeof *in->index, "inputs",
                          (void **)&in->index));
    return network_memory(net, rows * sizeof *in->count, "inputs", (void **)&in->count);
}

static size_t widest_layer(const network *net)
{
    size_t widest = 0;
    for (size_t l = 0; l < net->layer_count; l++) {
        widest = net->layers[l].units > widest ? net->layers[l].units : widest;
    }
    return widest;
}

static nn_status make_worker(network *net, size_t id)
{
    worker *self;
    NN_TRY(network_memory(net, sizeof *self + FAR, "a worker", (void **)&self));
    net->workers[id] = self;
    self->id = id;
    size_t widest = widest_layer(net);
    NN_TRY(make_inputs(net, EVALUATE_ROWS, &self->pass_in));
    NN_TRY(network_reals(net, SPARSE_PANELS * net->inputs * PANEL, "scratch", &self->columns));
    NN_TRY(network_reals(net, MULTIPLY_TRANSPOSED_SCRATCH, "scratch", &self->transposed));
    NN_TRY(network_reals(net, UPDATE_INPUTS * PANEL, "scratch", &self->block));
    for (size_t k = 0; k < sizeof self->plain / sizeof self->plain[0]; k++) {
        NN_TRY(network_reals(net, CHUNK_ROWS * widest, "scratch", &self->plain[k]));
    }
    for (size_t k = 0; k < sizeof self->pass / sizeof self->pass[0]; k++) {
        NN_TRY(network_reals(net, panel_reals(EVALUATE_ROWS, widest), "scratch", &self->pass[k]));
    }
    if (net->plan.output_by_all) {
        size_t reals = panel_reals(net->rows, net->outputs);
        NN_TRY(network_reals(net, reals, "outputs", &self->own_z));
        NN_TRY(network_reals(net, reals, "outputs", &self->own_dz));
        NN_TRY(network_reals(net, reals, "outputs", &self->own_scaled));
    }
    for (size_t k = 0; net->plan.own_inputs && k < 2; k++) {
        NN_TRY(make_inputs(net, net->rows, &self->own_in[k]));
    }
    return NN_OK;
}

static void describe_layer(const nn_layer *from, layer *to)
{
    const nn_activation *f = from->activation->ops;
    to->inputs = from->inputs;
    to->units = from->units;
    to->panels = panels_of(from->units);
    to->f = f;
    to->f_self = from->activation->self;
    to->elementwise = (f->flags & NN_ELEMENTWISE) != 0;
    to->needs_z = (f->flags & NN_NEEDS_Z) != 0;
    to->needs_a = (f->flags & NN_NEEDS_A) != 0;
    to->dropout = from->dropout;
}

static void describe_components(network *net, const nn_topology *topology)
{
    if (topology->cost != NULL) {
        net->cost = topology->cost->ops;
        net->cost_self = topology->cost->self;
        const nn_activation *last = net->layers[net->layer_count - 1].f;
        net->linked = net->cost->link_gradient != NULL
            && (net->cost->flags & last->flags & NN_LINKS) != 0;
    }
    if (topology->optimizer != NULL) {
        net->optimizer = topology->optimizer->ops;
        net->optimizer_self = topology->optimizer->self;
        if (net->optimizer->slots != NULL) {
            net->base.slot_count = net->optimizer->slots(net->optimizer_self, net->base.slot_names);
        }
        if (net->optimizer->scalars != NULL) {
            net->base.scalar_count =
                net->optimizer->scalars(net->optimizer_self, net->base.scalar_names);
        }
    }
    net->base.scalars = net->scalars[0];
}

/* Weights from stream "init", biases from stream "bias", each keyed by its layer. */
static nn_status check_drawn(const nn_component *initializer, size_t count, const nn_real *plain)
{
    for (size_t k = 0; k < count; k++) {
        if (!isfinite(plain[k])) {
            return nn_fail(NN_ERR_NUMERIC, "initializer %s gives %g as number %zu of %zu; `nnrun plugins check %s` tells "
                           "more", initializer->name, (double)plain[k], k, count, initializer->name);
        }
    }
    return NN_OK;
}

static nn_status draw_weights(network *net, size_t l, nn_real *plain)
{
    const nn_topology *topology = net->base.topology;
    const nn_layer *from = &topology->layers[l];
    layer *to = &net->layers[l];
    nn_stream stream = nn_stream_make(topology->seed, "init", l, 0);
    const nn_component *c = from->initializer;
    if (c != NULL) {
        const nn_initializer *fill = c->ops;
        NN_TRY(fill->fill(c->self, topology->host, &stream, to->units, to->inputs, to->inputs,
                          to->units, plain));
        NN_TRY(check_drawn(c, to->units * to->inputs, plain));
        panel_set_transposed(to->w[0], to->inputs, to->units, plain);
    }
    stream = nn_stream_make(topology->seed, "bias", l, 0);
    c = from->bias_initializer;
    if (c != NULL) {
        const nn_initializer *fill = c->ops;
        NN_TRY(fill->fill(c->self, topology->host, &stream, to->units, 1, to->inputs, to->units,
                          plain));
        NN_TRY(check_drawn(c, to->units, plain));
        memcpy(to->b[0], plain, to->units * sizeof *plain);
    }
    return NN_OK;
}

static nn_status draw_all(network *net)
{
    size_t most = 0;
    for (size_t l = 0; l < net->layer_count; l++) {
        size_t reals = net->layers[l].units * net->layers[l].inputs;
        most = reals > most ? reals : most;
    }
    nn_real *plain;
    NN_TRY(NN_ALLOC(&plain, most, "initial weights"));
    nn_status status = NN_OK;
    for (size_t l = 0; status == NN_OK && l < net->layer_count; l++) {
        status = draw_weights(net, l, plain);
        if (status != NN_OK) {
            nn_note("while drawing the weights of layer %zu", l + 1);
        }
    }
    nn_free(plain);
    return status;
}

static nn_status make_batch_buffers(network *net)
{
    size_t features = panels_of(net->inputs) * PANEL;
    for (size_t k = 0; k < INPUT_BUFFERS; k++) {
        net->in[k] = net->in[0];
        if (k == 0 || !net->plan.single_input) {
            NN_TRY(make_inputs(net, net->rows, &net->in[k]));
        }
    }
    NN_TRY(network_memory(net, SPARSE_TABLE, "a table", (void **)&net->sparse_places));
    sparse_table(net->sparse_places);
    NN_TRY(network_reals(net, features, "input scales", &net->input_scale));
    NN_TRY(network_reals(net, features, "input shifts", &net->input_shift));
    size_t chunks = (net->rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
    for (int k = 0; k < 2; k++) {
        NN_TRY(network_memory(net, chunks * sizeof(double), "costs", (void **)&net->chunk_cost[k]));
    }
    NN_TRY(network_memory(net, EVALUATE_WAVE * sizeof(double), "costs", (void **)&net->wave_cost));
    return network_memory(net, EVALUATE_WAVE * sizeof(uint64_t), "hits",
                          (void **)&net->wave_correct);
}

static nn_status make(network *net, const nn_topology *topology)
{
    NN_TRY(network_memory(net, topology->layer_count * sizeof(layer), "layers",
                          (void **)&net->layers));
    net->layer_count = topology->layer_count;
    net->inputs = topology->inputs;
    net->outputs = topology->outputs;
    net->rows = topology->batch_size;
    for (size_t l = 0; l < net->layer_count; l++) {
        describe_layer(&topology->layers[l], &net->layers[l]);
    }
    describe_components(net, topology);
    size_t threads = nn_pool_threads(net->base.pool);
    net->input_stride = panels_of(net->inputs) * PANEL + SPARSE_SLACK;
    NN_TRY(plan_make(net, threads, &net->plan));
    NN_TRY(plan_make(net, 1, &net->alone));
    net->layers[net->layer_count - 1].twin = net->plan.output_by_all;
    net->layers[0].twin_out = net->plan.output_by_all;
    for (size_t l = 0; l < net->layer_count; l++) {
        NN_TRY(make_weights(net, &net->layers[l]));
        NN_TRY(make_activations(net, &net->layers[l], l + 1 == net->layer_count));
    }
    NN_TRY(make_batch_buffers(net));
    if (topology->gradient_clip > 0) {
        NN_TRY(network_store(net));
    }
    NN_TRY(network_memory(net, threads * sizeof *net->workers, "workers", (void **)&net->workers));
    for (size_t t = 0; t < threads; t++) {
        NN_TRY(make_worker(net, t));
    }
    return topology->blank ? NN_OK : draw_all(net);
}

nn_status NN_(nn__network_create)(const nn_topology *topology, nn_pool *pool, nn_engine **out)
{
    network *net;
    NN_TRY(NN_ALLOC(&net, 1, "a network"));
    net->base = (nn_engine){.topology = topology, .pool = pool, .bytes = sizeof *net};
    nn_status status = make(net, topology);
    if (status != NN_OK) {
        NN_(nn__network_destroy)(&net->base);
        return status;
    }
    *out = &net->base;
    return NN_OK;
}

void NN_(nn__network_destroy)(nn_engine *engine)
{
    network *net = (network *)engine;
    if (net == NULL) {
        return;
    }
    while (net->blocks != NULL) {
        struct block_list *next = net->blocks->next;
        nn_free(net->blocks->memory);
        nn_free(net->blocks);
        net->blocks = next;
    }
    nn_free(net);
}

void NN_(nn__get)(const nn_engine *engine, size_t l, size_t first, size_t count, void *weight, void *bias)
{
    const layer *at = &((const network *)engine)->layers[l];
    panel_get_transposed(at->w[0], at->inputs, first, count, weight);
    if (bias != NULL) {
        memcpy(bias, at->b[0] + first, count * sizeof(nn_real));
    }
}

void NN_(nn__set)(nn_engine *engine, size_t l, const void *weight, const void *bias)
{
    layer *at = &((network *)engine)->layers[l];
    panel_set_transposed(at->w[0], at->inputs, at->units, weight);
    memcpy(at->b[0], bias, at->units * sizeof(nn_real));
}

void NN_(nn__get_slot)(const nn_engine *engine, size_t slot, size_t l, size_t first, size_t count, void *weight,
                       void *bias)
{
    const layer *at = &((const network *)engine)->layers[l];
    panel_get_transposed(at->slot_w[slot], at->inputs, first, count, weight);
    memcpy(bias, at->slot_b[slot] + first, count * sizeof(nn_real));
}

void NN_(nn__set_slot)(nn_engine *engine, size_t slot, size_t l, const void *weight,
                       const void *bias)
{
    layer *at = &((network *)engine)->layers[l];
    panel_set_transposed(at->slot_w[slot], at->inputs, at->units, weight);
    memcpy(at->slot_b[slot], bias, at->units * sizeof(nn_real));
}
