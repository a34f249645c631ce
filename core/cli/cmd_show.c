/* SPDX-License-Identifier: MIT */
/* nnrun show RUN: one run in the terminal. */
#include "base/arena.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/curve.h"
#include "spec/parse.h"
#include "store/read.h"

#include <stdio.h>
#include <string.h>

/* A run as it is shown. */
struct shown {
    nn_arena *arena;
    nn_run_data data;
    const char *word, *line; /* STATUS */
    const nn_node *spec;     /* resolved; NULL where it can't be parsed */
    const char *metric;      /* the curve's */
    const char *best_metric;
};

static bool is_share(const char *metric)
{
    return strstr(metric, "accuracy") != NULL;
}

static void put_value(nn_text *out, const char *metric, double value)
{
    if (is_share(metric)) {
        nn_text_printf(out, "%.2f %%", 100 * value);
    } else {
        nn_text_printf(out, "%.6g", value);
    }
}

static void put_safe(nn_text *out, const char *text)
{
    nn_text_escape(out, text, strlen(text));
}

/* --- what to show ----------------------------------------------------------------------------------- */

static nn_status parse_spec(struct shown *shown)
{
    nn_text_source *source;
    nn_diagnostics *diagnostics;
    nn_node *root;
    const char *text = shown->data.facts.spec_resolved;
    NN_TRY(NN_ARENA_ALLOC(shown->arena, &source, 1));
    *source = (nn_text_source){
        .name = "spec/resolved", .base_dir = ".", .bytes = text, .length = strlen(text)};
    NN_TRY(nn_diagnostics_create(shown->arena, &diagnostics));
    NN_TRY(nn_parse(shown->arena, source, diagnostics, &root));
    shown->spec = root;
    return NN_OK;
}

/* The scalar at "training.batch_size", NULL where there is none; a component gives its name. */
static const char *spec_text(const struct shown *shown, const char *section, const char *key)
{
    const nn_node *node = shown->spec;
    node = node != NULL && section != NULL ? nn_node_get(node, section) : node;
    node = node != NULL ? nn_node_get(node, key) : NULL;
    if (node != NULL && node->kind == NN_NODE_MAP) {
        node = nn_node_get(node, "use");
    }
    return node != NULL && node->kind == NN_NODE_SCALAR ? node->text : NULL;
}

static const char *default_metric(const nn_history *history)
{
    if (history->validation) {
        return history->accuracy ? "validation.accuracy" : "validation.cost";
    }
    return history->accuracy ? "train.accuracy" : "train.cost";
}

static nn_status choose_metrics(nn_cli *cli, struct shown *shown)
{
    double ignored;
    const nn_record none = {0};
    const nn_history *history = shown->data.history;
    const char *asked = nn_cli_value(cli, "--metric"), *best = spec_text(shown, "checkpoint", "best");
    shown->metric = asked != NULL ? asked : default_metric(history);
    shown->best_metric = best != NULL && nn_record_get(history, &none, best, &ignored)
                             ? best
                             : default_metric(history);
    if (nn_record_get(history, &none, shown->metric, &ignored)) {
        return NN_OK;
    }
    nn_text names = {0};
    for (size_t i = 0; nn_metric_names[i] != NULL; i++) {
        if (nn_record_get(history, &none, nn_metric_names[i], &ignored)) {
            nn_text_printf(&names, "%s%s", names.length > 0 ? ", " : "", nn_metric_names[i]);
        }
    }
    nn_status status = nn_fail(NN_ERR_USAGE, "this run has no metric \"%s\"; it has %s", shown->metric,
                               nn_text_view(&names));
    nn_text_finish(&names);
    return status;
}

static nn_status load(nn_cli *cli, struct shown *shown)
{
    const char *folder, *results = nn_cli_value(cli, "--out");
    NN_TRY(nn_run_folder_find(cli->positional[0], results == NULL ? "results" : results, shown->arena,
                              &folder));
    NN_TRY(nn_run_folder_state(folder, shown->arena, &shown->word, &shown->line));
    NN_TRY(nn_run_read(folder, shown->arena, &shown->data));
    NN_TRY(parse_spec(shown));
    return choose_metrics(cli, shown);
}

/* --- for a person ----------------------------------------------------------------------------------- */

static void put_fact(nn_text *out, const char *label, const char *value)
{
    nn_text_printf(out, "%-12s", label);
    put_safe(out, value == NULL ? "unknown" : value);
    nn_text_put(out, "\n");
}

static void put_data(const struct shown *shown, nn_text *out)
{
    const nn_run_facts *facts = &shown->data.facts;
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
static void put_network(const struct shown *shown, nn_text *out)
{
    const nn_run_facts *facts = &shown->data.facts;
    const nn_node *network = shown->spec == NULL ? NULL : nn_node_get(shown->spec, "network");
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
    const char *cost = spec_text(shown, "network", "cost");
    nn_text_put(out, ", ");
    put_safe(out, cost == NULL ? "?" : cost);
    nn_text_put(out, "\n");
}

static void put_training(const struct shown *shown, nn_text *out)
{
    const nn_node *training = shown->spec == NULL ? NULL : nn_node_get(shown->spec, "training");
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
    const char *batch = spec_text(shown, "training", "batch_size");
    const char *schedule = spec_text(shown, "training", "schedule");
    const char *precision = spec_text(shown, NULL, "precision"), *seed = spec_text(shown, NULL, "seed");
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

static nn_status put_curve(const struct shown *shown, nn_text *out)
{
    const nn_history *history = shown->data.history;
    double *values;
    if (history->count == 0) {
        nn_text_put(out, "\nno epoch is complete yet\n");
        return NN_OK;
    }
    NN_TRY(NN_ALLOC(&values, history->count, "a curve"));
    for (size_t i = 0; i < history->count; i++) {
        nn_record_get(history, &history->records[i], shown->metric, &values[i]);
    }
    nn_text_printf(out, "\n%s\n", shown->metric);
    nn_curve_print(values, history->count, history->records[0].epoch, is_share(shown->metric), out);
    nn_text_put(out, "\n");
    nn_free(values);
    return NN_OK;
}

static void put_outcome(const struct shown *shown, nn_text *out)
{
    const nn_history *history = shown->data.history;
    const nn_test_result *test = &shown->data.test;
    size_t best = nn_history_best(history, shown->best_metric);
    double value;
    if (best < history->count
        && nn_record_get(history, &history->records[best], shown->best_metric, &value)) {
        nn_text_printf(out, "best        %s ", shown->best_metric);
        put_value(out, shown->best_metric, value);
        nn_text_printf(out, " at epoch %llu\n", (unsigned long long)history->records[best].epoch);
    }
    if (shown->data.has_test) {
        nn_text_put(out, "test        ");
        if (test->has_accuracy) {
            nn_text_printf(out, "accuracy %.2f %%, ", 100 * test->accuracy);
        }
        nn_text_printf(out, "cost %.6g (weights of epoch %llu)\n", test->cost,
                       (unsigned long long)test->epoch);
    }
    put_fact(out, "run", shown->data.folder);
}

static nn_status put_person(const struct shown *shown, nn_text *out)
{
    const nn_history *history = shown->data.history;
    put_fact(out, "name", spec_text(shown, NULL, "name"));
    nn_text_put(out, "status      ");
    put_safe(out, shown->word);
    if (shown->line[0] != '\0') {
        nn_text_put(out, ": ");
        put_safe(out, shown->line);
    }
    nn_text_put(out, "\n");
    put_fact(out, "started", nn_run_fact(&shown->data, "start"));
    if (history->count > 0) {
        const nn_record *last = &history->records[history->count - 1];
        nn_text_printf(out, "epochs      %llu in %.1f s\n", (unsigned long long)last->epoch,
                       last->seconds);
    }
    put_data(shown, out);
    put_network(shown, out);
    put_training(shown, out);
    NN_TRY(put_curve(shown, out));
    put_outcome(shown, out);
    return NN_OK;
}

/* --- for a script ----------------------------------------------------------------------------------- */

static void put_json(const struct shown *shown, nn_text *out)
{
    const nn_history *history = shown->data.history;
    const nn_test_result *test = &shown->data.test;
    double value;
    nn_text_put(out, "{\"run\": ");
    nn_text_json(out, shown->data.folder);
    nn_text_put(out, ", \"status\": ");
    nn_text_json(out, shown->word);
    nn_text_printf(out, ", \"epochs\": %zu", history->count);
    size_t best = nn_history_best(history, shown->best_metric);
    if (best < history->count
        && nn_record_get(history, &history->records[best], shown->best_metric, &value)) {
        nn_text_put(out, ", \"best\": {\"metric\": ");
        nn_text_json(out, shown->best_metric);
        nn_text_printf(out, ", \"epoch\": %llu, \"value\": %.17g}",
                       (unsigned long long)history->records[best].epoch, value);
    }
    if (shown->data.has_test) {
        nn_text_printf(out, ", \"test\": {\"epoch\": %llu, \"cost\": %.17g",
                       (unsigned long long)test->epoch, test->cost);
        if (test->has_accuracy) {
            nn_text_printf(out, ", \"accuracy\": %.17g", test->accuracy);
        }
        nn_text_put(out, "}");
    }
    nn_text_put(out, ", \"metrics\": [");
    for (size_t i = 0; i < history->count; i++) {
        nn_text line = {0};
        nn_event_line(history, &history->records[i], &line);
        nn_text_append(out, i == 0 ? "\n" : ",\n", i == 0 ? 1 : 2);
        nn_text_append(out, nn_text_view(&line), line.length > 0 ? line.length - 1 : 0);
        nn_text_finish(&line);
    }
    nn_text_put(out, "]}\n");
}

static nn_status run(nn_cli *cli)
{
    struct shown shown = {0};
    nn_text out = {0};
    NN_TRY(nn_arena_create(&shown.arena));
    nn_status status = load(cli, &shown);
    if (status == NN_OK && nn_cli_flag(cli, "--json")) {
        put_json(&shown, &out);
    } else if (status == NN_OK) {
        status = put_person(&shown, &out);
    }
    if (status == NN_OK) {
        status = nn_text_status(&out);
    }
    if (status == NN_OK) {
        fputs(nn_text_view(&out), stdout);
    }
    nn_text_finish(&out);
    nn_run_data_finish(&shown.data);
    nn_arena_destroy(shown.arena);
    return status;
}

static const nn_option options[] = {
    {"--metric", "NAME", "whose curve to draw (default: what the run validates by)"},
    {"--out", "DIR", "folder in which an experiment's name is looked for (default: results)"},
    NN_OPTION_JSON,
    {0},
};

const nn_command nn_command_show = {
    .name = "show",
    .arguments = "RUN",
    .summary = "one run: what it was, its curve, its best and its test",
    .help = "RUN is a run folder, its run.h5, or an experiment's name (its newest run).",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run,
};
