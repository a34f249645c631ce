/* SPDX-License-Identifier: MIT */
/* nnrun eval RUN [--data DIR] */
#include "base/arena.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "run/predict.h"

#include <string.h>

enum { CONFUSED_MOST = 5 };

/* The off-diagonal entries, largest first, a line each. */
static void put_confused(const nn_predictor *predictor, const nn_evaluation *e, nn_text *out)
{
    const char *const *names = nn_predictor_run(predictor)->facts.data.class_names;
    uint64_t below = UINT64_MAX;
    size_t shown = 0;
    while (e->confusion != NULL && shown < CONFUSED_MOST) {
        uint64_t next = 0;
        for (size_t i = 0; i < e->class_count * e->class_count; i++) {
            bool off = i / e->class_count != i % e->class_count;
            next = off && e->confusion[i] < below && e->confusion[i] > next ? e->confusion[i] : next;
        }
        if (next == 0) {
            return;
        }
        for (size_t i = 0; shown < CONFUSED_MOST && i < e->class_count * e->class_count; i++) {
            if (i / e->class_count != i % e->class_count && e->confusion[i] == next) {
                nn_text_printf(out, "%-12s%llu times ", shown++ == 0 ? "confused" : "",
                               (unsigned long long)next);
                nn_text_escape(out, names[i / e->class_count], strlen(names[i / e->class_count]));
                nn_text_put(out, " taken for ");
                nn_text_escape(out, names[i % e->class_count], strlen(names[i % e->class_count]));
                nn_text_put(out, "\n");
            }
        }
        below = next;
    }
}

static void put_person(const nn_predictor *predictor, const nn_evaluation *e, nn_text *out)
{
    nn_text_printf(out, "samples     %zu", e->rows);
    if (e->skipped > 0) {
        nn_text_printf(out, ", %zu bad ones left out", e->skipped);
    }
    nn_text_put(out, "\n");
    if (e->has_accuracy) {
        nn_text_printf(out, "accuracy    %.2f %%\n", 100 * e->accuracy);
    }
    nn_text_printf(out, "cost        %.6g\n", e->cost);
    put_confused(predictor, e, out);
    nn_text_printf(out, "time        %.2f s to load, %.2f s to compute\n", e->load_s, e->seconds);
    nn_text_printf(out, "weights     of epoch %llu of ",
                   (unsigned long long)nn_predictor_epoch(predictor));
    const char *folder = nn_predictor_run(predictor)->folder;
    nn_text_escape(out, folder, strlen(folder));
    nn_text_put(out, "\n");
}

static void put_json(const nn_predictor *predictor, const nn_evaluation *e, nn_text *out)
{
    nn_text_put(out, "{\"run\": ");
    nn_text_json(out, nn_predictor_run(predictor)->folder);
    nn_text_printf(out, ", \"epoch\": %llu, \"rows\": %zu, \"skipped\": %zu, \"cost\": %.17g",
                   (unsigned long long)nn_predictor_epoch(predictor), e->rows, e->skipped, e->cost);
    if (e->has_accuracy) {
        nn_text_printf(out, ", \"accuracy\": %.17g", e->accuracy);
    }
    for (size_t i = 0; e->confusion != NULL && i < e->class_count * e->class_count; i++) {
        size_t column = i % e->class_count;
        nn_text_printf(out, "%s%llu%s", i == 0 ? ", \"confusion\": [[" : column == 0 ? ", [" : ", ",
                       (unsigned long long)e->confusion[i], column + 1 == e->class_count ? "]" : "");
    }
    nn_text_printf(out, "%s, \"load_seconds\": %.6f, \"seconds\": %.6f}\n",
                   e->confusion != NULL ? "]" : "", e->load_s, e->seconds);
}

static nn_status evaluate(nn_cli *cli, const char *folder)
{
    unsigned long long threads;
    nn_predictor *predictor;
    nn_evaluation evaluation;
    nn_text out = {0};
    NN_TRY(nn_cli_number(cli, "--threads", 1, 0, &threads));
    const nn_session_options options = {.plugins = nn_cli_places(cli), .threads = (size_t)threads,
                                        .log = &cli->log};
    NN_TRY(nn_predictor_create(&options, folder, nn_cli_value(cli, "--data"), &predictor));
    nn_status status = nn_predictor_evaluate(predictor, &evaluation);
    if (status == NN_OK) {
        (nn_cli_flag(cli, "--json") ? put_json : put_person)(predictor, &evaluation, &out);
        status = nn_print(&out);
    }
    nn_text_finish(&out);
    nn_predictor_destroy(predictor);
    return status;
}

static nn_status run(nn_cli *cli)
{
    nn_arena *arena;
    const char *folder, *results = nn_cli_value(cli, "--out");
    NN_TRY(nn_arena_create(&arena));
    nn_status status = nn_run_folder_find(cli->positional[0], results == NULL ? "results" : results,
                                          arena, &folder);
    if (status == NN_OK) {
        status = evaluate(cli, folder);
    }
    nn_arena_destroy(arena);
    return status;
}

static const nn_option options[] = {
    {"--data", "DIR", "another folder in the place of the run's test set"},
    {"--out", "DIR", "folder in which an experiment's name is looked for (default: results)"},
    {"--threads", "N", "threads to use (default: what the spec says)"},
    NN_OPTION_PLUGIN_PATH,
    NN_OPTION_QUIET,
    NN_OPTION_JSON,
    {0},
};

const nn_command nn_command_eval = {
    .name = "eval",
    .arguments = "RUN",
    .summary = "cost and accuracy of a trained run on its test set, or on another folder",
    .help = "RUN is a run folder, its run.h5, or an experiment's name (its newest run).  Data are read\n"
            "and prepared as the run's own were; classes are matched by name.",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run,
};
