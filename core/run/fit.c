/* SPDX-License-Identifier: MIT */
/* Whether the parts of an experiment fit each other, said before anything is trained. */
#include "run/inside.h"

#include <nnrun/activation.h>
#include <nnrun/cost.h>

#include <stdio.h>
#include <string.h>

/* The tables of activations and costs are laid out alike for both precisions; only their functions'
 * types differ, and those are not called here. */
static const nn_activation *activation_of(const nn_component *component)
{
    return component->ops;
}

static const nn_cost *cost_of(const nn_component *component)
{
    return component->ops;
}

static void range_text(char *out, size_t room, bool has, double least, double most)
{
    if (!has) {
        snprintf(out, room, "any number");
    } else {
        snprintf(out, room, "numbers in [%g, %g]", least, most);
    }
}

/* The cost's logarithms or margins need outputs of a certain range. */
static void fit_range(nn_session *s)
{
    const nn__components *c = &s->components;
    const nn_component *last = c->layers[c->layer_count - 1].activation;
    if (c->cost == NULL || last == NULL) {
        return;
    }
    const nn_cost *cost = cost_of(c->cost);
    const nn_activation *activation = activation_of(last);
    bool has = (activation->flags & NN_HAS_RANGE) != 0;
    if ((cost->flags & NN_HAS_RANGE) == 0
        || (has && activation->least >= cost->least && activation->most <= cost->most)) {
        return;
    }
    char gives[64], needs[64];
    range_text(gives, sizeof gives, has, activation->least, activation->most);
    range_text(needs, sizeof needs, true, cost->least, cost->most);
    nn_diagnose(s->diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, c->cost->use.place, c->cost->use.path,
                "take another output activation or another cost",
                "%s needs outputs that are %s, but the last layer's %s gives %s", c->cost->name,
                needs, last->name, gives);
}

/* A metric that this run will not have; one of a part of the data that the spec lacks is refused where
 * the spec is read. */
static void fit_metric(nn_session *s, const char *metric, nn_place place, const char *path,
                       const nn_dataset_about *about)
{
    if (metric == NULL) {
        return;
    }
    if (about->targets != NN_TARGETS_CLASSES && strstr(metric, ".accuracy") != NULL) {
        nn_diagnose(s->diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, place, path, NULL,
                    "this run has no metric %s: the data have no classes", metric);
    }
}

static void fit_metrics(nn_session *s, const nn_dataset_about *about)
{
    const nn_experiment *e = s->experiment;
    fit_metric(s, e->checkpoint.best, e->checkpoint.best_place, "checkpoint.best", about);
    fit_metric(s, e->training.early_stopping_metric, e->training.early_stopping_place,
               "training.early_stopping", about);
    for (size_t i = 0; i < e->expect_count; i++) {
        fit_metric(s, e->expect[i].metric, e->expect[i].place, e->expect[i].path, about);
    }
}

static void fit_targets(nn_session *s, const nn_dataset_about *about)
{
    const nn_component *cost = s->components.cost;
    if (cost == NULL) {
        return;
    }
    uint64_t takes = cost_of(cost)->flags;
    if (about->targets == NN_TARGETS_NONE) {
        nn_diagnose(s->diagnostics, NN_SEVERITY_ERROR, NN_ERR_DATA, s->experiment->data.train.place,
                    "data.train", NULL, "these data have no targets to learn");
    } else if (about->targets == NN_TARGETS_REALS && (takes & NN_TAKES_REALS) == 0) {
        nn_diagnose(s->diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, cost->use.place, cost->use.path,
                    "quadratic, huber and absolute_error take real targets",
                    "%s needs classes, but the data have real targets", cost->name);
    }
}

/* The last layer must have one unit a class, or one a real target. */
static void fit_units(nn_session *s, const nn_dataset_about *about)
{
    const nn_experiment *e = s->experiment;
    bool classes = about->targets == NN_TARGETS_CLASSES;
    size_t wanted = classes ? about->class_count : about->outputs;
    for (size_t l = 0; l < e->network.layer_count; l++) {
        const nn_spec_layer *layer = &e->network.layers[l];
        if (layer->units == 0 && !classes) {
            nn_diagnose(s->diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, layer->units_place,
                        layer->path, NULL, "units: the data have no classes; write %zu", wanted);
            return;
        }
    }
    if (e->network.layer_count == 0) {
        return;
    }
    const nn_spec_layer *last = &e->network.layers[e->network.layer_count - 1];
    if (wanted > 0 && last->units > 0 && (size_t)last->units != wanted) {
        nn_diagnose(s->diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, last->units_place, last->path,
                    classes ? "write `units: classes`" : NULL,
                    "the last layer has %lld units, but the data have %zu %s",
                    (long long)last->units, wanted, classes ? "classes" : "targets a sample");
    }
}

static void fit_validation(nn_session *s, const nn_dataset_about *about)
{
    const nn_experiment *e = s->experiment;
    size_t limit = (size_t)e->data.train_limit;
    size_t samples = limit > 0 && limit < about->samples ? limit : about->samples;
    if (e->data.validation == NN_VALIDATION_COUNT
        && (uint64_t)e->data.validation_count >= samples) {
        nn_diagnose(s->diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, e->data.validation_count_place,
                    "data.validation.count", "some must be left for training",
                    "%lld samples are wanted for validation, but data.train has %zu in all",
                    (long long)e->data.validation_count, samples);
    }
    if (limit > about->samples) {
        nn_diagnose(s->diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, e->data.train_limit_place,
                    "data.train.limit", "without a limit all are taken", "limit is %zu, but there are only %zu samples", limit,
                    about->samples);
    }
}

nn_status nn__fit(nn_session *s, const nn_dataset_about *about)
{
    if (about == NULL) {
        if (s->components.layer_count > 0) {
            fit_range(s);
        }
    } else {
        fit_metrics(s, about);
        fit_targets(s, about);
        fit_units(s, about);
        fit_validation(s, about);
    }
    nn_status status = nn_diagnostics_status(s->diagnostics);
    if (status == NN_OK) {
        nn__advise(s, about);
    }
    return status;
}
