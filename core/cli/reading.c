/* SPDX-License-Identifier: MIT */
#include "cli/reading.h"

#include "base/path.h"
#include "cli/show_facts.h"
#include "spec/parse.h"

#include <string.h>

const char *const nn_figure_names[NN_FIGURES] = {
    "train.cost", "train.accuracy", "validation.cost", "validation.accuracy",
    "test.cost",  "test.accuracy",  "seconds",
};
enum { TEST_COST = 4, TEST_ACCURACY, SECONDS };

static nn_status parse_spec(const nn_run_data *data, nn_arena *arena, const nn_node **out)
{
    nn_text_source *source;
    nn_diagnostics *diagnostics;
    nn_node *root;
    const char *text = data->facts.spec_resolved;
    NN_TRY(NN_ARENA_ALLOC(arena, &source, 1));
    *source = (nn_text_source){
        .name = "spec/resolved", .base_dir = ".", .bytes = text, .length = strlen(text)};
    NN_TRY(nn_diagnostics_create(arena, &diagnostics));
    NN_TRY(nn_parse(arena, source, diagnostics, &root));
    *out = root;
    return NN_OK;
}

const char *nn_metric_validated(const nn_history *history)
{
    if (history->validation) {
        return history->accuracy ? "validation.accuracy" : "validation.cost";
    }
    return history->accuracy ? "train.accuracy" : "train.cost";
}

/* By what the spec's checkpoint.best says, else by what it validates by. */
static const char *metric_of(const nn_history *history, const nn_node *spec)
{
    double ignored;
    const nn_record none = {0};
    const char *best = nn_show_text(spec, "checkpoint", "best");
    bool known = best != NULL && nn_record_get(history, &none, best, &ignored);
    return known ? best : nn_metric_validated(history);
}

/* results/NAME/RUN: the name lies between. */
static nn_status name_of(const char *folder, nn_arena *arena, const char **out)
{
    const char *absolute, *above;
    NN_TRY(nn_path_absolute(arena, folder, &absolute));
    NN_TRY(nn_path_folder(arena, absolute, &above));
    *out = nn_path_name(above);
    return NN_OK;
}

nn_status nn_reading_open(const char *folder, nn_arena *arena, nn_reading *out)
{
    nn_reading reading = {.folder = folder};
    NN_TRY(name_of(folder, arena, &reading.name));
    NN_TRY(nn_run_folder_state(folder, arena, &reading.word, &reading.line));
    NN_TRY(nn_run_read(folder, arena, &reading.data));
    nn_status status = parse_spec(&reading.data, arena, &reading.spec);
    if (status != NN_OK) {
        nn_reading_finish(&reading);
        return status;
    }
    const char *name = nn_show_text(reading.spec, NULL, "name");
    reading.name = name != NULL ? name : reading.name;
    reading.metric = metric_of(reading.data.history, reading.spec);
    reading.best = nn_history_best(reading.data.history, reading.metric);
    reading.whole = true;
    *out = reading;
    return NN_OK;
}

/* A run that was claimed and has no run.h5 yet is not damaged, it has not begun. */
static nn_status tell_why(nn_arena *arena, nn_reading *reading)
{
    const char *story = nn_story(), *results;
    NN_TRY(nn_arena_text(arena, story, strcspn(story, "\n"), &reading->line));
    NN_TRY(nn_path_join(arena, reading->folder, "run.h5", &results));
    if (nn_path_is_file(results)) {
        reading->word = "damaged";
        return NN_OK;
    }
    const char *ignored;
    if (nn_run_folder_state(reading->folder, arena, &reading->word, &ignored) != NN_OK) {
        reading->word = "unknown";
    }
    reading->line = "there are no results yet";
    return NN_OK;
}

nn_status nn_reading_try(const char *folder, nn_arena *arena, nn_reading *out)
{
    nn_reading reading = {.folder = folder};
    nn_status status = nn_reading_open(folder, arena, out);
    if (status == NN_OK || status == NN_ERR_MEMORY) {
        return status;
    }
    NN_TRY(tell_why(arena, &reading));
    NN_TRY(name_of(folder, arena, &reading.name));
    *out = reading;
    return NN_OK;
}

void nn_reading_finish(nn_reading *reading)
{
    nn_run_data_finish(&reading->data);
}

void nn_figures_of(const nn_reading *reading, nn_figures *out)
{
    *out = (nn_figures){0};
    if (!reading->whole) {
        return;
    }
    const nn_history *history = reading->data.history;
    const nn_test_result *test = &reading->data.test;
    for (size_t i = 0; i < TEST_COST && reading->best < history->count; i++) {
        out->has[i] = nn_record_get(history, &history->records[reading->best], nn_figure_names[i],
                                    &out->value[i]);
    }
    out->has[TEST_COST] = reading->data.has_test;
    out->value[TEST_COST] = test->cost;
    out->has[TEST_ACCURACY] = reading->data.has_test && test->has_accuracy;
    out->value[TEST_ACCURACY] = test->accuracy;
    out->has[SECONDS] = history->count > 0;
    out->value[SECONDS] = history->count > 0 ? history->records[history->count - 1].seconds : 0;
}

nn_status nn_figure_find(const char *name, size_t *out)
{
    nn_text names = {0};
    for (size_t i = 0; i < NN_FIGURES; i++) {
        if (strcmp(nn_figure_names[i], name) == 0) {
            *out = i;
            nn_text_finish(&names);
            return NN_OK;
        }
        nn_text_printf(&names, "%s%s", i > 0 ? ", " : "", nn_figure_names[i]);
    }
    nn_status status = nn_fail(NN_ERR_USAGE, "runs have no figure \"%s\"; there are %s", name,
                               nn_text_view(&names));
    nn_text_finish(&names);
    return status;
}

static bool is_accuracy(size_t figure)
{
    return strstr(nn_figure_names[figure], "accuracy") != NULL;
}

void nn_figure_put(size_t figure, double value, nn_text *out)
{
    nn_text_printf(out, is_accuracy(figure) ? "%.4f" : figure == SECONDS ? "%.1f" : "%.5g", value);
}

int nn_figures_order(const nn_figures *a, const nn_figures *b, size_t figure)
{
    if (!a->has[figure] || !b->has[figure]) {
        return b->has[figure] - a->has[figure];
    }
    double x = a->value[figure], y = b->value[figure];
    int order = (x > y) - (x < y);
    return is_accuracy(figure) ? -order : order;
}

/* ---- as JSON ---- */

static void put_best(const nn_reading *reading, nn_text *out)
{
    const nn_history *history = reading->data.history;
    double value;
    if (reading->best < history->count
        && nn_record_get(history, &history->records[reading->best], reading->metric, &value)) {
        nn_text_put(out, ", \"best\": {\"metric\": ");
        nn_text_json(out, reading->metric);
        nn_text_printf(out, ", \"epoch\": %llu, \"value\": ",
                       (unsigned long long)history->records[reading->best].epoch);
        nn_text_real(out, value);
        nn_text_put(out, "}");
    }
}

static void put_test(const nn_test_result *test, nn_text *out)
{
    nn_text_printf(out, ", \"test\": {\"epoch\": %llu, \"cost\": ", (unsigned long long)test->epoch);
    nn_text_real(out, test->cost);
    if (test->has_accuracy) {
        nn_text_put(out, ", \"accuracy\": ");
        nn_text_real(out, test->accuracy);
    }
    nn_text_put(out, "}");
}

void nn_reading_json(const nn_reading *reading, nn_text *out)
{
    nn_text_put(out, "\"run\": ");
    nn_text_json(out, reading->folder);
    nn_text_put(out, ", \"name\": ");
    nn_text_json(out, reading->name);
    nn_text_put(out, ", \"status\": ");
    nn_text_json(out, reading->word);
    if (!reading->whole) {
        nn_text_put(out, ", \"reason\": ");
        nn_text_json(out, reading->line);
        return;
    }
    const nn_history *history = reading->data.history;
    nn_text_printf(out, ", \"epochs\": %zu", history->count);
    if (history->count > 0) {
        nn_text_put(out, ", \"seconds\": ");
        nn_text_real(out, history->records[history->count - 1].seconds);
    }
    put_best(reading, out);
    if (reading->data.has_test) {
        put_test(&reading->data.test, out);
    }
}
