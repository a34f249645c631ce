/* SPDX-License-Identifier: MIT */
#include "cli/show_facts.h"

#include <string.h>

static void put_safe(nn_text *out, const char *text)
{
    nn_text_escape(out, text, strlen(text));
}

const char *nn_show_text(const nn_node *spec, const char *section, const char *key)
{
    const nn_node *node = spec;
    node = node != NULL && section != NULL ? nn_node_get(node, section) : node;
    node = node != NULL ? nn_node_get(node, key) : NULL;
    if (node != NULL && node->kind == NN_NODE_MAP) {
        node = nn_node_get(node, "use");
    }
    return node != NULL && node->kind == NN_NODE_SCALAR ? node->text : NULL;
}

static void put_data(const nn_run_facts *facts, nn_text *out)
{
    nn_text_printf(out, "data        %llu to train on, %llu to validate, %llu to test; "
                   "%zu x %zu x %zu",
                   (unsigned long long)facts->data.train_count,
                   (unsigned long long)facts->data.validation_count,
                   (unsigned long long)facts->data.test_count, facts->data.height, facts->data.width,
                   facts->data.channels);
    if (facts->data.class_count > 0) {
        nn_text_printf(out, ", %zu classes", facts->data.class_count);
    }
    if (facts->data.skipped > 0) {
        nn_text_printf(out, ", %llu bad ones skipped", (unsigned long long)facts->data.skipped);
    }
    nn_text_put(out, "\n");
}

/* "784 - 100 sigmoid - 10 softmax" of the resolved spec. */
static void put_network(const nn_run_facts *facts, const nn_node *spec, nn_text *out)
{
    const nn_node *network = spec == NULL ? NULL : nn_node_get(spec, "network");
    const nn_node *layers = network == NULL ? NULL : nn_node_get(network, "layers");
    nn_text_printf(out, "network     %zu", facts->data.height * facts->data.width
                                               * facts->data.channels);
    for (size_t i = 0; layers != NULL && layers->kind == NN_NODE_LIST && i < layers->count; i++) {
        const nn_node *units = nn_node_get(layers->items[i], "units");
        const nn_node *activation = nn_node_get(layers->items[i], "activation");
        if (activation != NULL && activation->kind == NN_NODE_MAP) {
            activation = nn_node_get(activation, "use");
        }
        nn_text_put(out, " - ");
        put_safe(out, units != NULL && units->kind == NN_NODE_SCALAR ? units->text : "?");
        nn_text_put(out, " ");
        put_safe(out, activation != NULL && activation->kind == NN_NODE_SCALAR ? activation->text : "?");
    }
    const char *cost = nn_show_text(spec, "network", "cost");
    nn_text_put(out, ", ");
    put_safe(out, cost == NULL ? "?" : cost);
    nn_text_put(out, "\n");
}

static void put_training(const nn_node *spec, nn_text *out)
{
    const nn_node *training = spec == NULL ? NULL : nn_node_get(spec, "training");
    const nn_node *optimizer = training == NULL ? NULL : nn_node_get(training, "optimizer");
    nn_text_put(out, "training    ");
    put_safe(out, optimizer == NULL ? "?" : optimizer->kind == NN_NODE_SCALAR ? optimizer->text
                                                                              : "");
    for (size_t i = 0; optimizer != NULL && optimizer->kind == NN_NODE_MAP && i < optimizer->count; i++) {
        const nn_pair *pair = &optimizer->pairs[i];
        if (pair->value->kind == NN_NODE_SCALAR) {
            bool use = strcmp(pair->key->text, "use") == 0;
            nn_text_put(out, i > 0 ? ", " : "");
            put_safe(out, use ? "" : pair->key->text);
            nn_text_put(out, use ? "" : " ");
            put_safe(out, pair->value->text);
        }
    }
    const char *batch = nn_show_text(spec, "training", "batch_size");
    const char *schedule = nn_show_text(spec, "training", "schedule");
    const char *precision = nn_show_text(spec, NULL, "precision");
    const char *seed = nn_show_text(spec, NULL, "seed");
    nn_text_put(out, "; batch ");
    put_safe(out, batch == NULL ? "?" : batch);
    nn_text_put(out, ", schedule ");
    put_safe(out, schedule == NULL ? "?" : schedule);
    nn_text_put(out, ", ");
    put_safe(out, precision == NULL ? "?" : precision);
    nn_text_put(out, ", seed ");
    put_safe(out, seed == NULL ? "?" : seed);
    nn_text_put(out, "\n");
}

void nn_show_facts(const nn_run_facts *facts, const nn_node *spec, nn_text *out)
{
    put_data(facts, out);
    put_network(facts, spec, out);
    put_training(spec, out);
}
