/* SPDX-License-Identifier: MIT */
/* nnrun results [DIR]: a table of runs. */
#include "base/arena.h"
#include "base/path.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/reading.h"
#include "cli/table.h"

#include <string.h>

/* A run in short; thousands of them are held at once, so its reading is not kept. */
struct row {
    const char *folder, *name, *run, *status, *line, *json;
    size_t epochs, best;
    nn_figures figures;
};

struct listing {
    nn_arena *arena;
    struct row *rows;
    size_t count;
};

static nn_status copy(nn_arena *arena, const char *text, const char **out)
{
    return nn_arena_text(arena, text, strlen(text), out);
}

static nn_status shorten(const nn_reading *reading, nn_arena *arena, struct row *row)
{
    nn_text json = {0};
    nn_reading_json(reading, &json);
    nn_status status = nn_text_status(&json);
    if (status == NN_OK) {
        status = copy(arena, nn_text_view(&json), &row->json);
    }
    nn_text_finish(&json);
    NN_TRY(status);
    NN_TRY(copy(arena, reading->name, &row->name));
    NN_TRY(copy(arena, reading->word, &row->status));
    NN_TRY(copy(arena, reading->line, &row->line));
    row->run = nn_path_name(row->folder);
    nn_figures_of(reading, &row->figures);
    if (reading->whole) {
        const nn_history *history = reading->data.history;
        row->epochs = history->count;
        row->best = reading->best < history->count ? (size_t)history->records[reading->best].epoch : 0;
    }
    return NN_OK;
}

static nn_status read_row(const char *folder, nn_arena *keep, struct row *row)
{
    nn_arena *arena;
    nn_reading reading = {0};
    row->folder = folder;
    NN_TRY(nn_arena_create(&arena));
    nn_status status = nn_reading_try(folder, arena, &reading);
    if (status == NN_OK) {
        status = shorten(&reading, keep, row);
    }
    nn_reading_finish(&reading);
    nn_arena_destroy(arena);
    return status;
}

static nn_status load(const char *root, struct listing *listing)
{
    const char *const *folders;
    if (!nn_path_is_folder(root)) {
        return nn_fail(NN_ERR_NOT_FOUND, "%s: there is no such folder of runs", root);
    }
    NN_TRY(nn_run_folder_list(root, listing->arena, &folders, &listing->count));
    NN_TRY(NN_ARENA_ALLOC(listing->arena, &listing->rows, listing->count));
    for (size_t i = 0; i < listing->count; i++) {
        NN_TRY(read_row(folders[i], listing->arena, &listing->rows[i]));
    }
    return NN_OK;
}

/* Merges two sorted halves; equals keep their order. */
static void merge(struct row *rows, struct row *spare, size_t half, size_t count, size_t figure)
{
    memcpy(spare, rows, count * sizeof *rows);
    for (size_t i = 0, j = half, k = 0; k < count; k++) {
        bool left = j == count
                 || (i < half && nn_figures_order(&spare[i].figures, &spare[j].figures, figure) <= 0);
        rows[k] = left ? spare[i++] : spare[j++];
    }
}

static void sort(struct row *rows, struct row *spare, size_t count, size_t figure)
{
    if (count > 1) {
        sort(rows, spare, count / 2, figure);
        sort(rows + count / 2, spare, count - count / 2, figure);
        merge(rows, spare, count / 2, count, figure);
    }
}

static nn_status sort_by(struct listing *listing, const char *metric)
{
    size_t figure;
    struct row *spare;
    NN_TRY(nn_figure_find(metric, &figure));
    NN_TRY(NN_ARENA_ALLOC(listing->arena, &spare, listing->count));
    sort(listing->rows, spare, listing->count, figure);
    return NN_OK;
}

/* ---- forms ---- */

static void put_figure(nn_table *table, const struct row *row, size_t figure, bool exact)
{
    nn_text text = {0};
    if (row->figures.has[figure] && exact) {
        nn_text_real(&text, row->figures.value[figure]);
    } else if (row->figures.has[figure]) {
        nn_figure_put(figure, row->figures.value[figure], &text);
    }
    table->failed = table->failed || text.failed;
    nn_table_put(table, nn_text_view(&text));
    nn_text_finish(&text);
}

static void put_count(nn_table *table, size_t count)
{
    if (count > 0) {
        nn_table_printf(table, "%zu", count);
    } else {
        nn_table_put(table, "");
    }
}

static void fill(const struct listing *listing, bool exact, nn_table *table)
{
    const char *const head[] = {"name", "run", "status", "epochs", "best"};
    for (size_t i = 0; i < sizeof head / sizeof head[0]; i++) {
        nn_table_put(table, head[i]);
    }
    for (size_t i = 0; i < NN_FIGURES; i++) {
        nn_table_put(table, nn_figure_names[i]);
    }
    table->columns = table->count;
    for (size_t i = 0; i < listing->count; i++) {
        const struct row *row = &listing->rows[i];
        nn_table_put(table, row->name);
        nn_table_put(table, exact ? row->folder : row->run);
        nn_table_put(table, row->status);
        put_count(table, row->epochs);
        put_count(table, row->best);
        for (size_t f = 0; f < NN_FIGURES; f++) {
            put_figure(table, row, f, exact);
        }
    }
}

static nn_status put_rows(const nn_cli *cli, const struct listing *listing, nn_text *out)
{
    bool csv = nn_cli_flag(cli, "--csv");
    nn_table table = {0};
    fill(listing, csv, &table);
    nn_status status = nn_table_status(&table);
    if (status == NN_OK) {
        (csv ? nn_table_csv : nn_table_print)(&table, out);
    }
    nn_table_finish(&table);
    return status;
}

static nn_status put(const nn_cli *cli, const struct listing *listing)
{
    nn_text out = {0};
    nn_status status = NN_OK;
    for (size_t i = 0; nn_cli_flag(cli, "--json") && i < listing->count; i++) {
        nn_text_printf(&out, "{%s}\n", listing->rows[i].json);
    }
    if (!nn_cli_flag(cli, "--json")) {
        status = put_rows(cli, listing, &out);
    }
    if (status == NN_OK) {
        status = nn_print(&out);
    }
    nn_text_finish(&out);
    return status;
}

/* What can't be read is told beside the table. */
static void warn(const nn_cli *cli, const struct listing *listing)
{
    for (size_t i = 0; i < listing->count; i++) {
        if (strcmp(listing->rows[i].status, "damaged") == 0) {
            nn_log_line(&cli->log, NN_WARNING, "%s", listing->rows[i].line);
        }
    }
}

static nn_status run(nn_cli *cli)
{
    struct listing listing = {0};
    const char *sort_metric = nn_cli_value(cli, "--sort");
    if (nn_cli_flag(cli, "--csv") && nn_cli_flag(cli, "--json")) {
        return nn_fail(NN_ERR_USAGE, "--csv or --json, not both");
    }
    NN_TRY(nn_arena_create(&listing.arena));
    nn_status status = load(cli->positional_count > 0 ? cli->positional[0] : "results", &listing);
    if (status == NN_OK && sort_metric != NULL) {
        status = sort_by(&listing, sort_metric);
    }
    if (status == NN_OK) {
        status = put(cli, &listing);
    }
    if (status == NN_OK) {
        warn(cli, &listing);
    }
    nn_arena_destroy(listing.arena);
    return status;
}

static const nn_option options[] = {
    {"--sort", "METRIC", "the best first: validation.accuracy, test.cost, seconds, ..."},
    {"--csv", NULL, "CSV on stdout, every figure in full"},
    NN_OPTION_JSON,
    NN_OPTION_QUIET,
    {0},
};

const nn_command nn_command_results = {
    .name = "results",
    .arguments = "[DIR]",
    .summary = "a table of the runs in a folder (default: results)",
    .help = "Each run at its best epoch (`checkpoint.best` of its spec), with the test of its best weights.\n"
            "A run that is damaged or has no results yet is listed with its status; the others are not\n"
            "touched by it.",
    .options = options,
    .least = 0,
    .most = 1,
    .run = run,
};
