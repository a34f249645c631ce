/* SPDX-License-Identifier: MIT */
/* nnrun run SPEC [key=value ...], and nnrun resume RUN. */
#include "base/arena.h"
#include "cli/commands.h"
#include "cli/plan.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/summary.h"
#include "store/folder.h"

#include <string.h>

static nn_status session_options(nn_cli *cli, nn_progress *progress, const nn_observer *observer,
                                 nn_session_options *out)
{
    unsigned long long threads, until;
    NN_TRY(nn_cli_number(cli, "--threads", 1, 0, &threads));
    NN_TRY(nn_cli_number(cli, "--until", 1, 0, &until));
    const char *results = nn_cli_value(cli, "--out");
    *out = (nn_session_options){
        .spec = cli->positional[0],
        .overrides = cli->positional + 1,
        .override_count = cli->positional_count - 1,
        .plugins = nn_cli_places(cli),
        .results = results == NULL ? "results" : results,
        .threads = (size_t)threads,
        .until = until,
        .argument_count = cli->argument_count,
        .arguments = cli->arguments,
        .log = &cli->log,
        .observer = observer,
        .interrupt = nn_signals_watch(),
        .loading = nn_progress_loading,
        .loading_context = progress,
    };
    return NN_OK;
}

/* Says what a run would be; the session is checked with a look at the data. */
static nn_status dry_run(nn_cli *cli, nn_session *session)
{
    const nn_plan *plan;
    NN_TRY(nn_cli_diagnostics(cli, session, nn_session_check(session, true)));
    NN_TRY(nn_session_plan(session, &plan));
    return nn_plan_print(plan, nn_cli_flag(cli, "--json"));
}

/* Runs a session to its end and says what came of it. */
static nn_status go(nn_cli *cli, nn_session *session, nn_progress *progress,
                    nn_status (*work)(nn_session *))
{
    nn_status status = nn_session_check(session, false);
    NN_TRY(nn_cli_diagnostics(cli, session, status));
    nn_progress_init(progress, nn_cli_flag(cli, "--quiet"), nn_cli_flag(cli, "--json"),
                     (uint64_t)nn_session_experiment(session)->training.epochs);
    status = work(session);
    nn_progress_finish(progress);
    (void)nn_cli_diagnostics(cli, session, status);
    const nn_summary *summary = nn_session_summary(session);
    if (status != NN_OK) {
        if (summary->folder != NULL) {
            nn_note("the run lies in %s%s", summary->folder,
                    status == NN_ERR_INTERRUPTED ? "; `nnrun resume` goes on with it" : "");
        }
        return status;
    }
    NN_TRY(nn_summary_print(summary, nn_cli_flag(cli, "--quiet"), nn_cli_flag(cli, "--json")));
    if (summary->failed_expectations > 0) {
        cli->told = true;
        return NN_ERR_EXPECT;
    }
    return NN_OK;
}

static nn_status run(nn_cli *cli)
{
    nn_progress progress;
    nn_progress_init(&progress, nn_cli_flag(cli, "--quiet"), nn_cli_flag(cli, "--json"), 0);
    nn_observer observer = nn_progress_observer(&progress);
    nn_session_options options;
    nn_session *session;
    NN_TRY(session_options(cli, &progress, &observer, &options));
    NN_TRY(nn_session_create(&options, &session));
    nn_status status = nn_cli_flag(cli, "--dry-run")
                         ? dry_run(cli, session)
                         : go(cli, session, &progress, nn_session_run);
    nn_session_destroy(session);
    return status;
}

static nn_status resume(nn_cli *cli)
{
    nn_progress progress;
    nn_progress_init(&progress, nn_cli_flag(cli, "--quiet"), nn_cli_flag(cli, "--json"), 0);
    nn_observer observer = nn_progress_observer(&progress);
    nn_session_options options;
    NN_TRY(session_options(cli, &progress, &observer, &options));
    nn_arena *arena;
    nn_session *session = NULL;
    const char *folder;
    NN_TRY(nn_arena_create(&arena));
    nn_status status = nn_run_folder_find(cli->positional[0], options.results, arena, &folder);
    if (status == NN_OK) {
        status = nn_session_create_resumed(&options, folder, &session);
    }
    if (status == NN_OK) {
        status = go(cli, session, &progress, nn_session_resume);
    }
    nn_session_destroy(session);
    nn_arena_destroy(arena);
    return status;
}

static const nn_option run_options[] = {
    {"--dry-run", NULL, "show layers, parameters, memory and steps; train and write nothing"},
    {"--out", "DIR", "folder that run folders are made in (default: results)"},
    {"--threads", "N", "threads to use (default: what the spec says)"},
    {"--until", "EPOCH", "stop after this epoch; `nnrun resume` goes on"},
    NN_OPTION_PLUGIN_PATH,
    NN_OPTION_QUIET,
    NN_OPTION_JSON,
    {0},
};

const nn_command nn_command_run = {
    .name = "run",
    .arguments = "SPEC [key=value ...]",
    .summary = "trains what a spec describes",
    .help = "SPEC is a YAML file, or - for standard input.  key=value changes one value of it:\n"
            "training.epochs=5, network.layers.0.units=30, training.optimizer={use: sgd, rate: 1}.\n"
            "Results land in results/NAME/TIME-sSEED/; `nnrun show` shows them.",
    .options = run_options,
    .least = 1,
    .most = (size_t)-1,
    .run = run,
};

static const nn_option resume_options[] = {
    {"--out", "DIR", "folder in which an experiment's name is looked for (default: results)"},
    {"--threads", "N", "threads to use (default: what the spec says)"},
    {"--until", "EPOCH", "stop after this epoch"},
    NN_OPTION_PLUGIN_PATH,
    NN_OPTION_QUIET,
    NN_OPTION_JSON,
    {0},
};

const nn_command nn_command_resume = {
    .name = "resume",
    .arguments = "RUN [key=value ...]",
    .summary = "goes on with a run from its newest good checkpoint",
    .help = "The result equals that of a run that never stopped, bit for bit.  training.epochs,\n"
            "training.early_stopping, checkpoint and threads may be changed, nothing else.",
    .options = resume_options,
    .least = 1,
    .most = (size_t)-1,
    .run = resume,
};
