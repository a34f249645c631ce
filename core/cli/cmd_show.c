/* SPDX-License-Identifier: MIT */
/* nnrun show RUN: one run in the terminal. */
#include "base/arena.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/curve.h"
#include "cli/layers.h"
#include "cli/print.h"
#include "cli/reading.h"
#include "cli/show_facts.h"
#include "store/metrics.h"

#include <string.h>

/* A run as it is shown. */
struct shown {
    nn_arena *arena;
    nn_reading run;
    const char *metric; /* the curve's */
    bool layers;        /* it has a curve for each layer: `probe` */
    nn_probe_metric probe;
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

static nn_status no_metric(const nn_history *history, const char *metric)
{
    double ignored;
    nn_probe_metric probe;
    const nn_record none = {0};
    nn_text names = {0};
    for (size_t i = 0; nn_metric_names[i] != NULL; i++) {
        if (nn_record_get(history, &none, nn_metric_names[i], &ignored)) {
            nn_text_printf(&names, "%s%s", names.length > 0 ? ", " : "", nn_metric_names[i]);
        }
    }
    for (size_t p = 0; p < NN_PROBE_COUNT; p++) {
        if (nn_layers_find(history, nn_stored_probes[p].name, &probe)) {
            nn_text_printf(&names, ", %s", nn_stored_probes[p].name);
        }
    }
    nn_status status = nn_fail(NN_ERR_USAGE, "this run has no metric \"%s\"; it has %s", metric,
                               nn_text_view(&names));
    nn_text_finish(&names);
    return status;
}

static nn_status choose_metric(nn_cli *cli, struct shown *shown)
{
    double ignored;
    const nn_record none = {0};
    const nn_history *history = shown->run.data.history;
    const char *asked = nn_cli_value(cli, "--metric");
    shown->metric = asked != NULL ? asked : nn_metric_validated(history);
    shown->layers = nn_layers_find(history, shown->metric, &shown->probe);
    if (shown->layers || nn_record_get(history, &none, shown->metric, &ignored)) {
        return NN_OK;
    }
    return no_metric(history, shown->metric);
}

static nn_status load(nn_cli *cli, struct shown *shown)
{
    const char *folder, *results = nn_cli_value(cli, "--out");
    NN_TRY(nn_run_folder_find(cli->positional[0], results == NULL ? "results" : results, shown->arena,
                              &folder));
    NN_TRY(nn_reading_open(folder, shown->arena, &shown->run));
    return choose_metric(cli, shown);
}

/* --- for a person ----------------------------------------------------------------------------------- */

static void put_fact(nn_text *out, const char *label, const char *value)
{
    nn_text_printf(out, "%-12s", label);
    put_safe(out, value == NULL ? "unknown" : value);
    nn_text_put(out, "\n");
}

static nn_status put_curve(const struct shown *shown, nn_text *out)
{
    const nn_history *history = shown->run.data.history;
    double *values;
    if (history->count == 0) {
        nn_text_put(out, "\nno epoch is complete yet\n");
        return NN_OK;
    }
    if (shown->layers) {
        nn_layers_curves(history, shown->probe, out);
        nn_text_put(out, "\n");
        return NN_OK;
    }
    NN_TRY(NN_ALLOC(&values, history->count, "a curve"));
    for (size_t i = 0; i < history->count; i++) {
        nn_record_get(history, &history->records[i], shown->metric, &values[i]);
    }
    nn_text_printf(out, "\n%s\n", shown->metric);
    nn_curve_print(values, history->count, history->records[0].epoch, is_share(shown->metric), out);
    nn_layers_map(history, out);
    nn_text_put(out, "\n");
    nn_free(values);
    return NN_OK;
}

static void put_outcome(const struct shown *shown, nn_text *out)
{
    const nn_reading *run = &shown->run;
    const nn_history *history = run->data.history;
    const nn_test_result *test = &run->data.test;
    double value;
    if (run->best < history->count
        && nn_record_get(history, &history->records[run->best], run->metric, &value)) {
        nn_text_printf(out, "best        %s ", run->metric);
        put_value(out, run->metric, value);
        nn_text_printf(out, " at epoch %llu\n", (unsigned long long)history->records[run->best].epoch);
    }
    if (run->data.has_test) {
        nn_text_put(out, "test        ");
        if (test->has_accuracy) {
            nn_text_printf(out, "accuracy %.2f %%, ", 100 * test->accuracy);
        }
        nn_text_printf(out, "cost %.6g (weights of epoch %llu)\n", test->cost,
                       (unsigned long long)test->epoch);
    }
    put_fact(out, "run", run->folder);
}

static nn_status put_person(const struct shown *shown, nn_text *out)
{
    const nn_history *history = shown->run.data.history;
    put_fact(out, "name", nn_show_text(shown->run.spec, NULL, "name"));
    nn_text_put(out, "status      ");
    put_safe(out, shown->run.word);
    if (shown->run.line[0] != '\0') {
        nn_text_put(out, ": ");
        put_safe(out, shown->run.line);
    }
    nn_text_put(out, "\n");
    put_fact(out, "started", nn_run_fact(&shown->run.data, "start"));
    if (history->count > 0) {
        const nn_record *last = &history->records[history->count - 1];
        nn_text_printf(out, "epochs      %llu in %.1f s\n", (unsigned long long)last->epoch,
                       last->seconds);
    }
    nn_show_facts(&shown->run.data.facts, shown->run.spec, out);
    NN_TRY(put_curve(shown, out));
    put_outcome(shown, out);
    return NN_OK;
}

/* --- for a script ----------------------------------------------------------------------------------- */

static void put_json(const struct shown *shown, nn_text *out)
{
    const nn_history *history = shown->run.data.history;
    nn_text_put(out, "{");
    nn_reading_json(&shown->run, out);
    nn_text_put(out, ", \"metrics\": [");
    for (size_t i = 0; i < history->count; i++) {
        nn_text line = {0};
        nn_event_line(history, &history->records[i], &line);
        nn_text_append(out, i == 0 ? "\n" : ",\n", i == 0 ? 1 : 2);
        nn_text_append(out, nn_text_view(&line), line.length > 0 ? line.length - 1 : 0);
        nn_text_finish_part(&line, out);
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
        status = nn_print(&out);
    }
    nn_text_finish(&out);
    nn_reading_finish(&shown.run);
    nn_arena_destroy(shown.arena);
    return status;
}

static const nn_option options[] = {
    {"--metric", "NAME", "whose curve to draw (default: what it validates by); gradient_norm: layers"},
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
