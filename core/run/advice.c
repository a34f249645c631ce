/* SPDX-License-Identifier: MIT */
/* Warnings: what is legal and probably not what was meant. */
#include "run/inside.h"

#include "spec/emit.h"

#include <nnrun/activation.h>
#include <nnrun/cost.h>
#include <nnrun/initializer.h>

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The sum of so many standard deviations into a unit is far out on a sigmoid: f'(3) = 0.045. */
static const double SATURATING_SD = 3;

static void warn(nn_session *s, nn_place place, const char *path, const char *help,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

static void warn(nn_session *s, nn_place place, const char *path, const char *help,
                 const char *format, ...)
{
    char message[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    nn_diagnose(s->diagnostics, NN_SEVERITY_WARNING, NN_OK, place, path, help, "%s", message);
}

static const nn_activation *activation_of(const nn_layer *layer)
{
    return layer->activation->ops;
}

/* ---- layers ---- */

static void advise_hidden(nn_session *s, size_t l)
{
    const nn_layer *layer = &s->components.layers[l];
    const nn_use *use = &layer->activation->use;
    if ((activation_of(layer)->flags & NN_ELEMENTWISE) == 0) {
        warn(s, use->place, use->path, "it belongs into the last layer",
             "%s in a hidden layer: its units compete and sum to one", use->name);
    } else if (strcmp(use->name, "identity") == 0) {
        warn(s, use->place, use->path, "relu, tanh, sigmoid, ...",
             "a hidden layer without a non-linearity is one matrix more, not one layer more");
    }
}

/* Whether a unit's first weighted sums will mostly lie where its bounded activation is flat. */
static bool begins_saturated(const nn_layer *layer, size_t inputs, double *sd)
{
    const nn_activation *activation = activation_of(layer);
    const nn_initializer *initializer = layer->initializer->ops;
    double mean = 0;
    bool bounded = (activation->flags & NN_HAS_RANGE) != 0 && isfinite(activation->least)
                && isfinite(activation->most) && (activation->flags & NN_ELEMENTWISE) != 0;
    if (!bounded || inputs == 0 || initializer->moments == NULL) {
        return false;
    }
    initializer->moments(layer->initializer->self, inputs, 1, &mean, sd);
    return *sd * sqrt((double)inputs) > SATURATING_SD;
}

/* Quadratic cost keeps the factor f'(z) that a saturated output makes small; a linked cost does not
 * (Nielsen 2015, ch. 3, eq. 60 and 61).  Said for the output layer, whose inputs are known. */
static void advise_saturation(nn_session *s)
{
    const nn__components *c = &s->components;
    const nn_experiment *e = s->experiment;
    const nn_layer *last = &c->layers[c->layer_count - 1];
    const nn_cost *cost = c->cost->ops;
    size_t inputs = c->layer_count > 1 ? (size_t)e->network.layers[c->layer_count - 2].units
                                       : s->sources.about.features;
    double sd;
    bool linked = (activation_of(last)->flags & cost->flags & NN_LINKS) != 0;
    if (!linked && begins_saturated(last, inputs, &sd)) {
        warn(s, c->cost->use.place, c->cost->use.path,
             "initializer: scaled_normal, or a cost that links with the activation",
             "%s outputs begin saturated (weights of standard deviation %g over %zu inputs), where "
             "%s learns slowly", last->activation->name, sd, inputs, c->cost->name);
    }
}

static void advise_output(nn_session *s)
{
    const nn__components *c = &s->components;
    const nn_spec_layer *spec = &s->experiment->network.layers[c->layer_count - 1];
    const nn_activation *last = activation_of(&c->layers[c->layer_count - 1]);
    const nn_cost *cost = c->cost->ops;
    uint64_t gives = last->flags & NN_LINKS, wants = cost->flags & NN_LINKS;
    if (spec->dropout > 0) {
        warn(s, spec->place, spec->path, "dropout: 0",
             "dropout in the last layer drops answers, not features");
    }
    if (gives != 0 && wants != 0 && (gives & wants) == 0) {
        bool one = (gives & (NN_LINK_SOFTMAX | NN_LINK_LOG_SOFTMAX)) != 0;
        warn(s, c->cost->use.place, c->cost->use.path,
             one ? "categorical_cross_entropy goes with softmax"
                 : "binary_cross_entropy goes with sigmoid",
             "%s outputs are %s, which %s does not take them for", c->layers[c->layer_count - 1]
             .activation->name, one ? "one distribution over the classes" : "each a yes or no of its own",
             c->cost->name);
    }
}

/* ---- training ---- */

static bool is_of_training(const char *metric)
{
    return metric != NULL && strncmp(metric, "train.", 6) == 0;
}

static void advise_training(nn_session *s)
{
    const nn_experiment *e = s->experiment;
    const char *stop = e->training.early_stopping_metric;
    bool validation = e->data.validation != NN_VALIDATION_NONE;
    if (stop != NULL && e->training.patience >= e->training.epochs) {
        warn(s, e->training.early_stopping_place, "training.early_stopping",
             "fewer epochs of patience", "a patience of %lld epochs never ends a training of %lld",
             (long long)e->training.patience, (long long)e->training.epochs);
    }
    if (validation && is_of_training(stop)) {
        warn(s, e->training.early_stopping_place, "training.early_stopping.metric",
             "validation.cost, validation.accuracy",
             "judged by training samples, although there is a validation part");
    }
    if (validation && is_of_training(e->checkpoint.best)) {
        warn(s, e->checkpoint.best_place, "checkpoint.best", "validation.cost, validation.accuracy",
             "judged by training samples, although there is a validation part");
    }
}

/* An accuracy is a share. */
static void advise_expectations(nn_session *s)
{
    const nn_experiment *e = s->experiment;
    for (size_t i = 0; i < e->expect_count; i++) {
        const nn_spec_expect *expect = &e->expect[i];
        if (strstr(expect->metric, ".accuracy") != NULL && (expect->min > 1 || expect->max < 0)) {
            warn(s, expect->place, expect->path, "97 % is written 0.97",
                 "an accuracy lies between 0 and 1: this can't hold");
        }
    }
}

/* ---- data ---- */

static bool same_component(const nn_component *a, const nn_component *b)
{
    nn_text x = {0}, y = {0};
    if (a == NULL || b == NULL) {
        return false;
    }
    nn_emit(a->resolved, false, &x);
    nn_emit(b->resolved, false, &y);
    bool same = !x.failed && !y.failed && strcmp(nn_text_view(&x), nn_text_view(&y)) == 0;
    nn_text_finish(&x);
    nn_text_finish(&y);
    return same;
}

static void advise_sets(nn_session *s)
{
    const nn__components *c = &s->components;
    if (same_component(c->train, c->test)) {
        warn(s, c->test->use.place, c->test->use.path, NULL,
             "the test set is the training set: its figures will say nothing new");
    }
    if (same_component(c->train, c->validation)) {
        warn(s, c->validation->use.place, c->validation->use.path, "{fraction: 0.1}",
             "the validation set is the training set: its figures will say nothing new");
    } else if (same_component(c->test, c->validation)) {
        warn(s, c->validation->use.place, c->validation->use.path, "{fraction: 0.1}",
             "the validation set is the test set: what is chosen by it is not tested by it");
    }
}

static size_t training_samples(const nn_experiment *e, const nn_dataset_about *about)
{
    size_t limit = (size_t)e->data.train_limit;
    size_t count = limit > 0 && limit < about->samples ? limit : about->samples;
    size_t held = nn__validation_size(e, count);
    return held < count ? count - held : 0;
}

static void advise_data(nn_session *s, const nn_dataset_about *about)
{
    const nn_experiment *e = s->experiment;
    size_t count = training_samples(e, about);
    if (count > 0 && (uint64_t)e->training.batch_size > count) {
        warn(s, e->training.batch_size_place, "training.batch_size", NULL,
             "a batch of %lld is larger than the %zu training samples: one step an epoch",
             (long long)e->training.batch_size, count);
    }
    const nn_node *normalize = nn_node_get(nn_node_get(e->root, "data"), "normalize");
    if (about->dtype == NN_DTYPE_UINT8 && e->data.normalize == NN_NORMALIZE_NONE && normalize != NULL) {
        warn(s, normalize->place, "data.normalize", "unit or standardize",
             "inputs go up to 255: sums of many of them are far out on any activation");
    }
}

void nn__advise(nn_session *s, const nn_dataset_about *about)
{
    const nn__components *c = &s->components;
    if (about != NULL) {
        advise_data(s, about);
        return;
    }
    for (size_t l = 0; l + 1 < c->layer_count; l++) {
        advise_hidden(s, l);
    }
    advise_saturation(s);
    advise_output(s);
    advise_training(s);
    advise_expectations(s);
    advise_sets(s);
}
