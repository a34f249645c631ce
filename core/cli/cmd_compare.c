/* SPDX-License-Identifier: MIT */
/* nnrun compare RUN RUN ...: several runs side by side, a column a run. */
#include "base/path.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/readings.h"
#include "cli/spec_lines.h"
#include "cli/table.h"

#include <stdint.h>
#include <string.h>

enum { CURVE_ROWS = 12 };

struct compared {
    nn_readings readings;
    const nn_reading **runs; /* in the order asked for */
    nn_figures *figures;     /* of each */
    nn_spec_lines *specs;
    size_t count;
    const char *metric;      /* whose curve is shown */
};

/* ---- what to show ---- */

static nn_status sort_by(struct compared *all, const char *metric)
{
    size_t figure;
    NN_TRY(nn_figure_find(metric, &figure));
    for (size_t i = 1; i < all->count; i++) {
        for (size_t k = i; k > 0 && nn_figures_order(&all->figures[k - 1], &all->figures[k], figure) > 0;
             k--) {
            const nn_reading *run = all->runs[k];
            nn_figures figures = all->figures[k];
            all->runs[k] = all->runs[k - 1];
            all->figures[k] = all->figures[k - 1];
            all->runs[k - 1] = run;
            all->figures[k - 1] = figures;
        }
    }
    return NN_OK;
}

/* Of the first run that has one, unless it is asked for. */
static nn_status choose_metric(const nn_cli *cli, struct compared *all)
{
    const char *asked = nn_cli_value(cli, "--metric");
    for (size_t i = 0; i < all->count && all->metric == NULL; i++) {
        all->metric = all->runs[i]->metric;
    }
    for (size_t i = 0; asked != NULL && nn_metric_names[i] != NULL; i++) {
        if (strcmp(nn_metric_names[i], asked) == 0) {
            all->metric = asked;
            return NN_OK;
        }
    }
    return asked == NULL ? NN_OK
                         : nn_fail(NN_ERR_USAGE, "--metric \"%s\" is not measured after each epoch; there are "
                                   "train.cost, train.accuracy, validation.cost and validation.accuracy",
                                   asked);
}

static nn_status prepare(const nn_cli *cli, struct compared *all)
{
    const char *sort_metric = nn_cli_value(cli, "--sort");
    nn_arena *arena = all->readings.arena;
    all->count = all->readings.count;
    NN_TRY(NN_ARENA_ALLOC(arena, &all->runs, all->count));
    NN_TRY(NN_ARENA_ALLOC(arena, &all->figures, all->count));
    NN_TRY(NN_ARENA_ALLOC(arena, &all->specs, all->count));
    for (size_t i = 0; i < all->count; i++) {
        all->runs[i] = &all->readings.runs[i];
        nn_figures_of(all->runs[i], &all->figures[i]);
    }
    if (sort_metric != NULL) {
        NN_TRY(sort_by(all, sort_metric));
    }
    for (size_t i = 0; i < all->count; i++) {
        NN_TRY(nn_spec_lines_of(all->runs[i]->spec, arena, &all->specs[i]));
    }
    return choose_metric(cli, all);
}

/* ---- what differs ---- */

/* Whether the runs that can be read say different things at a path; which of them said it first. */
static bool differs(const struct compared *all, const char *path, size_t from)
{
    const char *first = nn_spec_lines_get(&all->specs[from], path);
    bool other = false;
    if (strcmp(path, "name") == 0) {
        return false;
    }
    for (size_t i = 0; i < all->count; i++) {
        const char *text = nn_spec_lines_get(&all->specs[i], path);
        if (i < from && text != NULL) {
            return false; /* told already */
        }
        other = other || (all->runs[i]->spec != NULL && (text == NULL || strcmp(text, first) != 0));
    }
    return other;
}

typedef void put_difference(const struct compared *all, const char *path, void *to);

static void visit_differences(const struct compared *all, put_difference *put, void *to)
{
    for (size_t i = 0; i < all->count; i++) {
        for (size_t k = 0; k < all->specs[i].count; k++) {
            if (differs(all, all->specs[i].lines[k].path, i)) {
                put(all, all->specs[i].lines[k].path, to);
            }
        }
    }
}

/* ---- for a person ---- */

static void put_row(const struct compared *all, const char *path, void *to)
{
    nn_table *table = to;
    nn_table_put(table, path);
    for (size_t i = 0; i < all->count; i++) {
        nn_table_put(table, nn_spec_lines_get(&all->specs[i], path));
    }
}

static void put_gap(const struct compared *all, nn_table *table)
{
    for (size_t i = 0; i <= all->count; i++) {
        nn_table_put(table, "");
    }
}

static void put_head(const struct compared *all, nn_table *table)
{
    nn_table_put(table, "name");
    for (size_t i = 0; i < all->count; i++) {
        nn_table_put(table, all->runs[i]->name);
    }
    nn_table_put(table, "run");
    for (size_t i = 0; i < all->count; i++) {
        nn_table_put(table, nn_path_name(all->runs[i]->folder));
    }
    nn_table_put(table, "status");
    for (size_t i = 0; i < all->count; i++) {
        nn_table_put(table, all->runs[i]->word);
    }
}

static void put_count(nn_table *table, bool known, uint64_t count)
{
    if (known) {
        nn_table_printf(table, "%llu", (unsigned long long)count);
    } else {
        nn_table_put(table, NULL);
    }
}

static void put_epochs(const struct compared *all, nn_table *table)
{
    nn_table_put(table, "epochs");
    for (size_t i = 0; i < all->count; i++) {
        const nn_history *history = all->runs[i]->data.history;
        put_count(table, history != NULL, history == NULL ? 0 : history->count);
    }
    nn_table_put(table, "best epoch");
    for (size_t i = 0; i < all->count; i++) {
        const nn_history *history = all->runs[i]->data.history;
        bool has = history != NULL && all->runs[i]->best < history->count;
        put_count(table, has, has ? history->records[all->runs[i]->best].epoch : 0);
    }
}

static void put_figures(const struct compared *all, nn_table *table)
{
    for (size_t f = 0; f < NN_FIGURES; f++) {
        bool any = false;
        for (size_t i = 0; i < all->count; i++) {
            any = any || all->figures[i].has[f];
        }
        if (!any) {
            continue;
        }
        nn_table_put(table, nn_figure_names[f]);
        for (size_t i = 0; i < all->count; i++) {
            nn_text text = {0};
            if (all->figures[i].has[f]) {
                nn_figure_put(f, all->figures[i].value[f], &text);
            }
            table->failed = table->failed || text.failed;
            nn_table_put(table, nn_text_view(&text));
            nn_text_finish(&text);
        }
    }
}

static size_t epochs_most(const struct compared *all)
{
    size_t most = 0;
    for (size_t i = 0; i < all->count; i++) {
        const nn_history *history = all->runs[i]->data.history;
        most = history != NULL && history->count > most ? history->count : most;
    }
    return most;
}

static void put_curves(const struct compared *all, nn_table *table)
{
    size_t most = epochs_most(all), rows = most < CURVE_ROWS ? most : CURVE_ROWS;
    for (size_t row = 1; row <= rows; row++) {
        size_t epoch = (row * most + rows / 2) / rows;
        nn_table_printf(table, "epoch %zu", epoch);
        for (size_t i = 0; i < all->count; i++) {
            const nn_history *history = all->runs[i]->data.history;
            double value = 0;
            bool has = history != NULL && epoch <= history->count
                    && nn_record_get(history, &history->records[epoch - 1], all->metric, &value);
            if (has) {
                nn_table_printf(table, "%.5g", value);
            } else {
                nn_table_put(table, NULL);
            }
        }
    }
}

static nn_status put_person(const struct compared *all, nn_text *out)
{
    nn_table table = {.columns = all->count + 1};
    put_head(all, &table);
    put_epochs(all, &table);
    put_figures(all, &table);
    put_gap(all, &table);
    size_t before = table.count;
    visit_differences(all, put_row, &table);
    if (table.count > before) {
        put_gap(all, &table);
    }
    if (all->metric != NULL && epochs_most(all) > 0) {
        nn_table_put(&table, all->metric);
        for (size_t i = 0; i < all->count; i++) {
            nn_table_put(&table, "");
        }
        put_curves(all, &table);
    }
    nn_status status = nn_table_status(&table);
    if (status == NN_OK) {
        nn_table_print(&table, out);
    }
    nn_table_finish(&table);
    return status;
}

/* ---- for a script ---- */

struct json {
    nn_text *out;
    bool later; /* not the first member */
};

static void put_member(const struct compared *all, const char *path, void *to)
{
    struct json *json = to;
    nn_text_put(json->out, json->later ? ", " : "");
    json->later = true;
    nn_text_json(json->out, path);
    for (size_t i = 0; i < all->count; i++) {
        const char *text = nn_spec_lines_get(&all->specs[i], path);
        nn_text_put(json->out, i == 0 ? ": [" : ", ");
        if (text == NULL) {
            nn_text_put(json->out, "null");
        } else {
            nn_text_json(json->out, text);
        }
    }
    nn_text_put(json->out, "]");
}

static void put_json(const struct compared *all, nn_text *out)
{
    struct json json = {.out = out};
    nn_text_put(out, "{\"runs\": [");
    for (size_t i = 0; i < all->count; i++) {
        nn_text_put(out, i == 0 ? "{" : ", {");
        nn_reading_json(all->runs[i], out);
        nn_text_put(out, "}");
    }
    nn_text_put(out, "], \"differ\": {");
    visit_differences(all, put_member, &json);
    nn_text_put(out, "}}\n");
}

static nn_status run(nn_cli *cli)
{
    struct compared all = {0};
    nn_text out = {0};
    NN_TRY(nn_readings_open(cli, &all.readings));
    nn_status status = prepare(cli, &all);
    if (status == NN_OK && nn_cli_flag(cli, "--json")) {
        put_json(&all, &out);
    } else if (status == NN_OK) {
        status = put_person(&all, &out);
    }
    if (status == NN_OK) {
        status = nn_print(&out);
    }
    nn_text_finish(&out);
    if (status == NN_OK) {
        status = nn_readings_status(&all.readings);
    }
    nn_readings_finish(&all.readings);
    return status;
}

static const nn_option options[] = {
    {"--sort", "METRIC", "the best first: validation.accuracy, test.cost, seconds, ..."},
    {"--metric", "NAME", "what is shown epoch by epoch (default: what the first run chose by)"},
    {"--out", "DIR", "folder in which an experiment's name is looked for (default: results)"},
    NN_OPTION_JSON,
    {0},
};

const nn_command nn_command_compare = {
    .name = "compare",
    .arguments = "RUN RUN ...",
    .summary = "several runs side by side: what they came to, and what differs in their specs",
    .help = "RUN is a run folder, its run.h5, or an experiment's name (its newest run).  Figures are those of\n"
            "the best epoch, and of the test of its weights.  A damaged run keeps its column; the command\n"
            "then ends with exit code 6.",
    .options = options,
    .least = 2,
    .most = SIZE_MAX,
    .run = run,
};
