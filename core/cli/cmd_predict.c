/* SPDX-License-Identifier: MIT */
/* nnrun predict RUN FILE|DIR ... */
#include "base/arena.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "run/predict.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a format needs to write. */
struct answers {
    const nn_predictions *predictions;
    const char *const *paths;
    const char *const *classes; /* NULL: the network says reals */
    const nn_text *keys;        /* what JSON writes before each output */
    size_t outputs;
};

/* How answers are written: a head, then rows first .. end - 1 (on many threads, each with a text of
 * its own), or else all of them at once. */
struct form {
    const char *name;
    void (*head)(const struct answers *answers, nn_text *out);
    void (*rows)(const struct answers *answers, size_t first, size_t end, nn_text *out);
    nn_status (*whole)(const struct answers *answers, nn_text *out);
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

static void put_table(const struct answers *a, size_t first, size_t end, nn_text *out)
{
    for (size_t row = first; row < end; row++) {
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

static void put_csv_head(const struct answers *a, nn_text *out)
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
}

static void put_csv(const struct answers *a, size_t first, size_t end, nn_text *out)
{
    for (size_t row = first; row < end; row++) {
        put_field(out, path_of(a, row));
        if (a->classes != NULL) {
            nn_text_put(out, ",");
            put_field(out, a->classes[a->predictions->labels[row]]);
        }
        for (size_t i = 0; i < a->outputs; i++) {
            nn_text_put(out, ",");
            nn_text_number(out, values_of(a, row)[i]);
        }
        nn_text_put(out, "\n");
    }
}

/* --- json: one object a line ------------------------------------------------------------------------------ */

static void put_key(const struct answers *a, size_t output, nn_text *out)
{
    nn_text_put(out, output > 0 ? ", " : "");
    if (a->classes != NULL) {
        nn_text_json(out, a->classes[output]);
        nn_text_put(out, ": ");
    }
}

static void put_json(const struct answers *a, size_t first, size_t end, nn_text *out)
{
    for (size_t row = first; row < end; row++) {
        nn_text_put(out, "{\"file\": ");
        nn_text_json(out, path_of(a, row));
        if (a->classes != NULL) {
            nn_text_put(out, ", \"class\": ");
            nn_text_json(out, a->classes[a->predictions->labels[row]]);
        }
        nn_text_put(out, a->classes != NULL ? ", \"probabilities\": {" : ", \"outputs\": [");
        for (size_t i = 0; i < a->outputs; i++) {
            nn_text_append(out, a->keys[i].bytes, a->keys[i].length);
            nn_text_number(out, values_of(a, row)[i]);
        }
        nn_text_put(out, a->classes != NULL ? "}}\n" : "]}\n");
    }
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

static const struct form forms[] = {
    {.name = "table", .rows = put_table},
    {.name = "csv", .head = put_csv_head, .rows = put_csv},
    {.name = "json", .rows = put_json},
    {.name = "kaggle", .whole = put_kaggle},
};

static nn_status choose_form(const nn_cli *cli, const struct form **out)
{
    const char *asked = nn_cli_value(cli, "--format");
    if (asked == NULL) {
        asked = nn_cli_flag(cli, "--json") ? "json" : "table";
    }
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (strcmp(asked, forms[i].name) == 0) {
            *out = &forms[i];
            return NN_OK;
        }
    }
    return nn_fail(NN_ERR_USAGE, "there is no format \"%s\"; take table, csv, json or kaggle", asked);
}

/* Rows become text block by block, on all threads. */
enum { BLOCK_ROWS = 256 };

struct writing {
    const struct answers *answers;
    const struct form *form;
    nn_text *blocks;
    size_t count;
    atomic_size_t next;
};

static nn_status write_blocks(void *context, size_t thread)
{
    (void)thread;
    struct writing *w = context;
    size_t block, rows = w->answers->predictions->count;
    while (nn_next(&w->next, w->count, &block)) {
        size_t first = block * BLOCK_ROWS;
        size_t end = rows - first < BLOCK_ROWS ? rows : first + BLOCK_ROWS;
        w->form->rows(w->answers, first, end, &w->blocks[block]);
    }
    return NN_OK;
}

/* All or nothing: no text is printed before each is whole. */
static nn_status print_blocks(const struct writing *w, const nn_text *head)
{
    NN_TRY(nn_text_status(head));
    for (size_t i = 0; i < w->count; i++) {
        NN_TRY(nn_text_status(&w->blocks[i]));
    }
    NN_TRY(nn_print(head));
    for (size_t i = 0; i < w->count; i++) {
        NN_TRY(nn_print(&w->blocks[i]));
    }
    return NN_OK;
}

static nn_status write_rows(const struct answers *a, const struct form *form, nn_pool *pool,
                            const nn_text *head)
{
    struct writing w = {.answers = a, .form = form};
    w.count = (a->predictions->count + BLOCK_ROWS - 1) / BLOCK_ROWS;
    atomic_init(&w.next, 0);
    NN_TRY(NN_ALLOC(&w.blocks, w.count, "what is to be printed"));
    nn_status status = nn_pool_run(pool, write_blocks, &w);
    if (status == NN_OK) {
        status = print_blocks(&w, head);
    }
    for (size_t i = 0; i < w.count; i++) {
        nn_text_finish(&w.blocks[i]);
    }
    nn_free(w.blocks);
    return status;
}

static nn_status make_keys(struct answers *a, nn_arena *arena)
{
    nn_text *keys;
    NN_TRY(NN_ARENA_ALLOC(arena, &keys, a->outputs));
    a->keys = keys;
    for (size_t i = 0; i < a->outputs; i++) {
        const char *bytes;
        nn_text key = {0};
        put_key(a, i, &key);
        keys[i].length = key.length;
        nn_status status = nn_text_status(&key);
        if (status == NN_OK) {
            status = nn_arena_text(arena, nn_text_view(&key), key.length, &bytes);
        }
        nn_text_finish(&key);
        NN_TRY(status);
        keys[i].bytes = (char *)(uintptr_t)bytes;
    }
    return NN_OK;
}

static nn_status write_answers(struct answers *a, const struct form *form, nn_pool *pool,
                               nn_arena *arena)
{
    nn_text out = {0};
    nn_status status = make_keys(a, arena);
    if (status == NN_OK && form->whole != NULL) {
        status = form->whole(a, &out);
        status = status == NN_OK ? nn_print(&out) : status;
    } else if (status == NN_OK) {
        if (form->head != NULL) {
            form->head(a, &out);
        }
        status = write_rows(a, form, pool, &out);
    }
    nn_text_finish(&out);
    return status;
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

static nn_status answer(const nn_cli *cli, nn_predictor *predictor, const nn_file_list *files,
                        const struct form *form, nn_arena *arena)
{
    nn_predictions predictions;
    NN_TRY(nn_predictor_predict(predictor, files, &predictions));
    const nn_run_facts *facts = &nn_predictor_run(predictor)->facts;
    struct answers answers = {
        .predictions = &predictions,
        .paths = files->paths,
        .classes = facts->data.class_count > 0 ? facts->data.class_names : NULL,
        .outputs = nn_predictor_outputs(predictor),
    };
    NN_TRY(write_answers(&answers, form, nn_predictor_pool(predictor), arena));
    return tell_bad(cli, &predictions, files->count);
}

/* The run is opened while the files are looked for. */
struct opening {
    const nn_cli *cli;
    const nn_session_options *options;
    const char *folder;
    nn_arena *arena;
    nn_predictor *predictor;
    nn_file_list files;
};

static nn_status open_part(void *context, size_t thread)
{
    struct opening *o = context;
    return thread == 0 ? nn_predictor_create(o->options, o->folder, NULL, &o->predictor)
                       : nn_predict_files(o->cli->positional + 1, o->cli->positional_count - 1,
                                          o->arena, &o->files);
}

static nn_status open_both(struct opening *o)
{
    nn_pool *pool = NULL;
    nn_status status;
    if (o->options->threads == 1) {
        NN_TRY(open_part(o, 1));
        return open_part(o, 0);
    }
    NN_TRY(nn_pool_create(2, &pool));
    status = nn_pool_run(pool, open_part, o);
    nn_pool_destroy(pool);
    return status;
}

static nn_status predict(nn_cli *cli, nn_arena *arena)
{
    unsigned long long threads;
    const char *folder, *results = nn_cli_value(cli, "--out");
    const struct form *form = NULL;
    NN_TRY(choose_form(cli, &form));
    NN_TRY(nn_cli_number(cli, "--threads", 1, 0, &threads));
    NN_TRY(nn_run_folder_find(cli->positional[0], results == NULL ? "results" : results, arena,
                              &folder));
    const nn_session_options options = {.plugins = nn_cli_places(cli), .threads = (size_t)threads,
                                        .log = &cli->log};
    struct opening opening = {.cli = cli, .options = &options, .folder = folder, .arena = arena};
    nn_status status = open_both(&opening);
    if (status == NN_OK) {
        status = answer(cli, opening.predictor, &opening.files, form, arena);
    }
    nn_predictor_destroy(opening.predictor);
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
