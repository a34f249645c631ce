/* SPDX-License-Identifier: MIT */
/* nnrun predict RUN FILE|DIR ... */
#include "base/arena.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "run/predict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a format needs to write. */
struct answers {
    const nn_predictions *predictions;
    const char *const *paths;
    const char *const *classes; /* NULL: the network says reals */
    size_t outputs;
};

static const char *path_of(const struct answers *a, size_t row)
{
    return a->paths[a->predictions->origin[row]];
}

static const double *values_of(const struct answers *a, size_t row)
{
    return a->predictions->values + row * a->outputs;
}

static void put_safe(nn_text *out, const char *text)
{
    nn_text_escape(out, text, strlen(text));
}

/* --- table ------------------------------------------------------------------------------------------ */

/* The largest output but one, outputs for none. */
static size_t runner_up(const double *values, size_t outputs, size_t best)
{
    size_t second = outputs;
    for (size_t i = 0; i < outputs; i++) {
        if (i != best && (second == outputs || values[i] > values[second])) {
            second = i;
        }
    }
    return second;
}

static nn_status put_table(const struct answers *a, nn_text *out)
{
    for (size_t row = 0; row < a->predictions->count; row++) {
        const double *values = values_of(a, row);
        put_safe(out, path_of(a, row));
        if (a->classes == NULL) {
            for (size_t i = 0; i < a->outputs; i++) {
                nn_text_printf(out, "  %.6g", values[i]);
            }
        } else {
            size_t best = (size_t)a->predictions->labels[row];
            size_t second = runner_up(values, a->outputs, best);
            nn_text_put(out, "  ");
            put_safe(out, a->classes[best]);
            nn_text_printf(out, "  %.2f %%", 100 * values[best]);
            if (second < a->outputs) {
                nn_text_put(out, "  (");
                put_safe(out, a->classes[second]);
                nn_text_printf(out, " %.2f %%)", 100 * values[second]);
            }
        }
        nn_text_put(out, "\n");
    }
    return NN_OK;
}

/* --- csv ---------------------------------------------------------------------------------------------- */

/* RFC 4180: quoted where it must be. */
static void put_field(nn_text *out, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        nn_text_put(out, text);
        return;
    }
    nn_text_put(out, "\"");
    for (const char *at = text; *at != '\0'; at++) {
        nn_text_append(out, at, 1);
        if (*at == '"') {
            nn_text_put(out, "\"");
        }
    }
    nn_text_put(out, "\"");
}

static nn_status put_csv(const struct answers *a, nn_text *out)
{
    nn_text_put(out, a->classes == NULL ? "file" : "file,class");
    for (size_t i = 0; i < a->outputs; i++) {
        nn_text_put(out, ",");
        if (a->classes != NULL) {
            put_field(out, a->classes[i]);
        } else {
            nn_text_printf(out, "output_%zu", i);
        }
    }
    nn_text_put(out, "\n");
    for (size_t row = 0; row < a->predictions->count; row++) {
        put_field(out, path_of(a, row));
        if (a->classes != NULL) {
            nn_text_put(out, ",");
            put_field(out, a->classes[a->predictions->labels[row]]);
        }
        for (size_t i = 0; i < a->outputs; i++) {
            nn_text_printf(out, ",%.9g", values_of(a, row)[i]);
        }
        nn_text_put(out, "\n");
    }
    return NN_OK;
}

/* --- json: one object a line ------------------------------------------------------------------------------ */

static nn_status put_json(const struct answers *a, nn_text *out)
{
    for (size_t row = 0; row < a->predictions->count; row++) {
        nn_text_put(out, "{\"file\": ");
        nn_text_json(out, path_of(a, row));
        if (a->classes != NULL) {
            nn_text_put(out, ", \"class\": ");
            nn_text_json(out, a->classes[a->predictions->labels[row]]);
        }
        nn_text_put(out, a->classes != NULL ? ", \"probabilities\": {" : ", \"outputs\": [");
        for (size_t i = 0; i < a->outputs; i++) {
            nn_text_put(out, i > 0 ? ", " : "");
            if (a->classes != NULL) {
                nn_text_json(out, a->classes[i]);
                nn_text_put(out, ": ");
            }
            nn_text_printf(out, "%.9g", values_of(a, row)[i]);
        }
        nn_text_put(out, a->classes != NULL ? "}}\n" : "]}\n");
    }
    return NN_OK;
}

/* --- kaggle: ImageId,Label ---------------------------------------------------------------------------- */

struct submission {
    unsigned long long id;
    size_t row;
};

static int by_id(const void *a, const void *b)
{
    const struct submission *p = a, *q = b;
    return (p->id > q->id) - (p->id < q->id);
}

/* The last number in a file's name: 17 of img_17.jpg. */
static bool id_of(const char *path, unsigned long long *id)
{
    const char *name = nn_path_name(path), *digits = NULL;
    const char *end = strrchr(name, '.') == NULL ? name + strlen(name) : strrchr(name, '.');
    for (const char *at = name; at < end; at++) {
        bool digit = *at >= '0' && *at <= '9';
        if (digit && (at == name || at[-1] < '0' || at[-1] > '9')) {
            digits = at;
        }
    }
    *id = digits == NULL ? 0 : strtoull(digits, NULL, 10);
    return digits != NULL;
}

static nn_status number_rows(const struct answers *a, struct submission *rows)
{
    size_t count = a->predictions->count;
    for (size_t row = 0; row < count; row++) {
        rows[row].row = row;
        if (!id_of(path_of(a, row), &rows[row].id)) {
            return nn_fail(NN_ERR_DATA, "%s: its name holds no number to be the ImageId",
                           path_of(a, row));
        }
    }
    qsort(rows, count, sizeof *rows, by_id);
    for (size_t i = 1; i < count; i++) {
        if (rows[i].id == rows[i - 1].id) {
            return nn_fail(NN_ERR_DATA, "%s and %s have the same ImageId, %llu",
                           path_of(a, rows[i - 1].row), path_of(a, rows[i].row), rows[i].id);
        }
    }
    return NN_OK;
}

static nn_status put_kaggle(const struct answers *a, nn_text *out)
{
    struct submission *rows;
    if (a->classes == NULL) {
        return nn_fail(NN_ERR_USAGE, "a Kaggle submission needs classes, and this run has none");
    }
    NN_TRY(NN_ALLOC(&rows, a->predictions->count, "a submission"));
    nn_status status = number_rows(a, rows);
    nn_text_put(out, "ImageId,Label\n");
    for (size_t i = 0; status == NN_OK && i < a->predictions->count; i++) {
        nn_text_printf(out, "%llu,", rows[i].id);
        put_field(out, a->classes[a->predictions->labels[rows[i].row]]);
        nn_text_put(out, "\n");
    }
    nn_free(rows);
    return status;
}

/* --- the command -------------------------------------------------------------------------------------- */

typedef nn_status format(const struct answers *answers, nn_text *out);

static nn_status choose_format(const nn_cli *cli, format **out)
{
    static const struct {
        const char *name;
        format *put;
    } formats[] = {{"table", put_table}, {"csv", put_csv}, {"json", put_json}, {"kaggle", put_kaggle}};
    const char *asked = nn_cli_value(cli, "--format");
    if (asked == NULL) {
        asked = nn_cli_flag(cli, "--json") ? "json" : "table";
    }
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strcmp(asked, formats[i].name) == 0) {
            *out = formats[i].put;
            return NN_OK;
        }
    }
    return nn_fail(NN_ERR_USAGE, "there is no format \"%s\"; take table, csv, json or kaggle", asked);
}

/* Every bad file by name; the others have been answered. */
static nn_status tell_bad(const nn_cli *cli, const nn_predictions *predictions, size_t count)
{
    for (size_t i = 0; i < predictions->bad_count; i++) {
        nn_text line = {0};
        put_safe(&line, predictions->bad[i].name);
        nn_text_put(&line, ": ");
        put_safe(&line, predictions->bad[i].reason);
        nn_log_line(&cli->log, NN_ERROR, "%s", nn_text_view(&line));
        nn_text_finish(&line);
    }
    return predictions->bad_count == 0
               ? NN_OK
               : nn_fail(NN_ERR_DATA, "%zu of %zu files could not be read; the rest is predicted",
                         predictions->bad_count, count);
}

static nn_status answer(const nn_cli *cli, nn_predictor *predictor, const char *const *paths,
                        size_t count)
{
    format *put = NULL;
    nn_predictions predictions;
    nn_text out = {0};
    NN_TRY(choose_format(cli, &put));
    NN_TRY(nn_predictor_predict(predictor, paths, count, &predictions));
    const nn_run_facts *facts = &nn_predictor_run(predictor)->facts;
    const struct answers answers = {
        .predictions = &predictions,
        .paths = paths,
        .classes = facts->data.class_count > 0 ? facts->data.class_names : NULL,
        .outputs = nn_predictor_outputs(predictor),
    };
    nn_status status = put(&answers, &out);
    if (status == NN_OK) {
        status = nn_print(&out);
    }
    if (status == NN_OK) {
        status = tell_bad(cli, &predictions, count);
    }
    nn_text_finish(&out);
    return status;
}

static nn_status predict(nn_cli *cli, nn_arena *arena)
{
    unsigned long long threads;
    const char *folder, *const *paths, *results = nn_cli_value(cli, "--out");
    size_t count;
    nn_predictor *predictor;
    format *ignored;
    NN_TRY(choose_format(cli, &ignored));
    NN_TRY(nn_cli_number(cli, "--threads", 1, 0, &threads));
    NN_TRY(nn_run_folder_find(cli->positional[0], results == NULL ? "results" : results, arena,
                              &folder));
    NN_TRY(nn_predict_files(cli->positional + 1, cli->positional_count - 1, arena, &paths, &count));
    const nn_session_options options = {.plugins = nn_cli_places(cli), .threads = (size_t)threads,
                                        .log = &cli->log};
    NN_TRY(nn_predictor_create(&options, folder, NULL, &predictor));
    nn_status status = answer(cli, predictor, paths, count);
    nn_predictor_destroy(predictor);
    return status;
}

static nn_status run(nn_cli *cli)
{
    nn_arena *arena;
    NN_TRY(nn_arena_create(&arena));
    nn_status status = predict(cli, arena);
    nn_arena_destroy(arena);
    return status;
}

static const nn_option options[] = {
    {"--format", "FORMAT", "table, csv, json (one object a line) or kaggle (ImageId,Label)"},
    {"--out", "DIR", "folder in which an experiment's name is looked for (default: results)"},
    {"--threads", "N", "threads to use (default: what the spec says)"},
    NN_OPTION_PLUGIN_PATH,
    NN_OPTION_QUIET,
    NN_OPTION_JSON,
    {0},
};

const nn_command nn_command_predict = {
    .name = "predict",
    .arguments = "RUN FILE|DIR ...",
    .summary = "class and probabilities of images, by what a run has learnt",
    .help = "A folder stands for all images in it and below, - for a list of files on standard input\n"
            "(one a line, or separated by NULs).  Images are read and prepared as the run's own were.\n"
            "Bad files are named, the rest is predicted, and the exit code is 3.",
    .options = options,
    .least = 2,
    .most = (size_t)-1,
    .run = run,
};
