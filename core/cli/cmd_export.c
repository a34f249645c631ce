/* SPDX-License-Identifier: MIT */
/* nnrun export RUN ... --to csv|json: runs in a form that other programs read. */
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/readings.h"
#include "cli/spec_lines.h"
#include "cli/table.h"
#include "store/metrics.h"

#include <stdint.h>
#include <string.h>

/* ---- csv: a line an epoch ---- */

static size_t layers_most(const nn_readings *all)
{
    size_t most = 0;
    for (size_t i = 0; i < all->count; i++) {
        const nn_history *history = all->runs[i].data.history;
        most = history != NULL && history->layer_count > most ? history->layer_count : most;
    }
    return most;
}

static void put_head(nn_table *table, size_t layers)
{
    const char *const first[] = {"name", "run", "epoch", "step"};
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        nn_table_put(table, first[i]);
    }
    for (size_t m = 0; m < NN_STORED_METRICS; m++) {
        nn_table_put(table, nn_stored_metrics[m].name);
    }
    for (size_t p = 0; p < NN_PROBE_COUNT; p++) {
        for (size_t l = 0; l < layers; l++) {
            nn_table_printf(table, "%s.%zu", nn_stored_probes[p].name, l);
        }
    }
    table->columns = table->count;
}

static void put_real(nn_table *table, bool has, double value)
{
    nn_text text = {0};
    if (has) {
        nn_text_real(&text, value);
    }
    table->failed = table->failed || text.failed;
    nn_table_put(table, nn_text_view(&text));
    nn_text_finish(&text);
}

static void put_epoch(const nn_reading *run, const nn_record *record, size_t layers, nn_table *table)
{
    const nn_history *history = run->data.history;
    nn_table_put(table, run->name);
    nn_table_put(table, run->folder);
    nn_table_printf(table, "%llu", (unsigned long long)record->epoch);
    nn_table_printf(table, "%llu", (unsigned long long)record->step);
    for (size_t m = 0; m < NN_STORED_METRICS; m++) {
        double value = 0;
        bool has = nn_stored_metric_get(&nn_stored_metrics[m], history, record, &value);
        put_real(table, has, value);
    }
    for (size_t p = 0; p < NN_PROBE_COUNT; p++) {
        for (size_t l = 0; l < layers; l++) {
            bool has = record->probe[p] != NULL && l < history->layer_count;
            put_real(table, has, has ? record->probe[p][l] : 0);
        }
    }
}

static nn_status put_csv(const nn_readings *all, nn_text *out)
{
    nn_table table = {0};
    size_t layers = layers_most(all);
    put_head(&table, layers);
    for (size_t i = 0; i < all->count; i++) {
        const nn_history *history = all->runs[i].data.history;
        for (size_t k = 0; history != NULL && k < history->count; k++) {
            put_epoch(&all->runs[i], &history->records[k], layers, &table);
        }
    }
    nn_status status = nn_table_status(&table);
    if (status == NN_OK) {
        nn_table_csv(&table, out);
    }
    nn_table_finish(&table);
    return status;
}

/* ---- json: a line a run ---- */

static void put_pair(nn_text *out, bool first, const char *key, const char *value)
{
    nn_text_put(out, first ? "" : ", ");
    nn_text_json(out, key);
    nn_text_put(out, ": ");
    nn_text_json(out, value);
}

static nn_status put_spec(const nn_reading *run, nn_arena *arena, nn_text *out)
{
    nn_spec_lines lines;
    NN_TRY(nn_spec_lines_of(run->spec, arena, &lines));
    nn_text_put(out, ", \"spec\": {");
    for (size_t i = 0; i < lines.count; i++) {
        put_pair(out, i == 0, lines.lines[i].path, lines.lines[i].text);
    }
    nn_text_put(out, "}");
    return NN_OK;
}

static void put_facts(const nn_run_facts *facts, nn_text *out)
{
    nn_text_put(out, ", \"provenance\": {");
    for (size_t i = 0; i < facts->provenance_count; i++) {
        put_pair(out, i == 0, facts->provenance[i].name, facts->provenance[i].value);
    }
    nn_text_printf(out, "}, \"data\": {\"train\": %llu, \"validation\": %llu, \"test\": %llu, \"classes\": [",
                   (unsigned long long)facts->data.train_count,
                   (unsigned long long)facts->data.validation_count,
                   (unsigned long long)facts->data.test_count);
    for (size_t i = 0; i < facts->data.class_count; i++) {
        nn_text_put(out, i == 0 ? "" : ", ");
        nn_text_json(out, facts->data.class_names[i]);
    }
    nn_text_put(out, "]}");
}

static void put_metrics(const nn_history *history, nn_text *out)
{
    nn_text_put(out, ", \"metrics\": [");
    for (size_t i = 0; i < history->count; i++) {
        nn_text line = {0};
        nn_event_line(history, &history->records[i], &line);
        nn_text_put(out, i == 0 ? "" : ", ");
        nn_text_append(out, nn_text_view(&line), strcspn(nn_text_view(&line), "\n"));
        nn_text_finish_part(&line, out);
    }
    nn_text_put(out, "]");
}

static void put_confusion(const nn_test_result *test, nn_text *out)
{
    nn_text_put(out, ", \"confusion\": [");
    for (size_t i = 0; i < test->class_count; i++) {
        for (size_t k = 0; k < test->class_count; k++) {
            nn_text_printf(out, "%s%llu", k > 0 ? ", " : i == 0 ? "[" : ", [",
                           (unsigned long long)test->confusion[i * test->class_count + k]);
        }
        nn_text_put(out, "]");
    }
    nn_text_put(out, "]");
}

static nn_status put_json(const nn_readings *all, nn_text *out)
{
    for (size_t i = 0; i < all->count; i++) {
        const nn_reading *run = &all->runs[i];
        nn_text_put(out, "{");
        nn_reading_json(run, out);
        if (run->whole) {
            NN_TRY(put_spec(run, all->arena, out));
            put_facts(&run->data.facts, out);
            put_metrics(run->data.history, out);
            if (run->data.has_test && run->data.test.confusion != NULL) {
                put_confusion(&run->data.test, out);
            }
        }
        nn_text_put(out, "}\n");
    }
    return NN_OK;
}

static nn_status run(nn_cli *cli)
{
    const char *to = nn_cli_value(cli, "--to");
    bool csv = to != NULL && strcmp(to, "csv") == 0;
    if (!csv && (to == NULL || strcmp(to, "json") != 0)) {
        return nn_fail(NN_ERR_USAGE, "nnrun export wants --to csv (a line an epoch) or --to json (a line a run)%s%s",
                       to == NULL ? "" : ", not ", to == NULL ? "" : to);
    }
    nn_readings all;
    nn_text out = {0};
    NN_TRY(nn_readings_open(cli, &all));
    nn_status status = (csv ? put_csv : put_json)(&all, &out);
    if (status == NN_OK) {
        status = nn_print(&out);
    }
    nn_text_finish(&out);
    if (status == NN_OK) {
        status = nn_readings_status(&all);
    }
    nn_readings_finish(&all);
    return status;
}

static const nn_option options[] = {
    {"--to", "FORMAT", "csv: a line an epoch; json: a line a run, with all that led to it"},
    {"--out", "DIR", "folder in which an experiment's name is looked for (default: results)"},
    {0},
};

const nn_command nn_command_export = {
    .name = "export",
    .arguments = "RUN ...",
    .summary = "runs as CSV or JSON on stdout, for other programs",
    .help = "RUN is a run folder, its run.h5, or an experiment's name (its newest run).  Numbers are written\n"
            "so that they read back to the same bits.  A damaged run does not fail the rest; the command\n"
            "then ends with exit code 6.",
    .options = options,
    .least = 1,
    .most = SIZE_MAX,
    .run = run,
};
