/* SPDX-License-Identifier: MIT */
/* nnrun check SPEC [key=value ...], and --each FILE for many sets of key=value. */
#include "cli/commands.h"
#include "cli/print.h"
#include "run/trials.h"

#include <stdio.h>
#include <string.h>

static void put_name(FILE *file, const char *name)
{
    nn_text text = {0};
    nn_text_escape(&text, name, strlen(name));
    fputs(nn_text_view(&text), file);
    nn_text_finish(&text);
}

/* ---- many sets ---- */

typedef struct count {
    size_t good, refused;
    bool json, quiet;
    nn_status printed; /* the first failure to print */
} count;

static nn_status put_json(const nn_trial *trial)
{
    nn_text line = {0};
    nn_text_printf(&line, "{\"line\": %zu, \"hash\": ", trial->line);
    if (trial->errors == 0) {
        nn_text_json(&line, trial->hash);
    } else {
        nn_text_put(&line, "null");
    }
    nn_text_printf(&line, ", \"errors\": %zu, \"warnings\": %zu, \"text\": ", trial->errors,
                   trial->warnings);
    nn_text_json(&line, trial->diagnostics);
    nn_text_put(&line, "}\n");
    return nn_print_finish(&line);
}

static void tell(void *context, const nn_trial *trial)
{
    count *c = context;
    bool good = trial->errors == 0;
    c->good += good;
    c->refused += !good;
    if (c->json) {
        nn_status status = put_json(trial);
        c->printed = c->printed == NN_OK ? status : c->printed;
        return;
    }
    fprintf(stdout, "%zu\t%s\n", trial->line, good ? trial->hash : "refused");
    if (!good && !c->quiet) {
        nn_text set = {0};
        nn_text_escape(&set, trial->set, strlen(trial->set));
        fprintf(stderr, "line %zu: %s\n%s", trial->line, nn_text_view(&set), trial->diagnostics);
        nn_text_finish(&set);
    }
}

static nn_status check_each(nn_cli *cli, const nn_session_options *options, const char *file)
{
    count c = {.json = nn_cli_flag(cli, "--json"), .quiet = nn_cli_flag(cli, "--quiet")};
    nn_status status = nn_trials_check(options, file, tell, &c);
    if (c.printed != NN_OK) {
        return c.printed;
    }
    cli->told = status != NN_OK && c.refused > 0;
    if (!c.quiet) {
        put_name(stderr, options->spec);
        fprintf(stderr, ": %zu sets are good, %zu refused\n", c.good, c.refused);
    }
    return status;
}

/* ---- one spec ---- */

static nn_status check_one(nn_cli *cli, const nn_session_options *options)
{
    nn_session *session;
    NN_TRY(nn_session_create(options, &session));
    nn_status status = nn_cli_diagnostics(cli, session, nn_session_check(session, true));
    size_t errors = nn_session_error_count(session), warnings = nn_session_warning_count(session);
    if (!nn_cli_flag(cli, "--quiet")) {
        put_name(stdout, options->spec);
        fprintf(stdout, ": %zu error%s, %zu warning%s\n", errors, errors == 1 ? "" : "s", warnings,
                warnings == 1 ? "" : "s");
    }
    nn_session_destroy(session);
    return status;
}

static nn_status run(nn_cli *cli)
{
    const nn_session_options options = {
        .spec = cli->positional[0],
        .overrides = cli->positional + 1,
        .override_count = cli->positional_count - 1,
        .plugins = nn_cli_places(cli),
        .log = &cli->log,
    };
    const char *each = nn_cli_value(cli, "--each");
    if (each != NULL && strcmp(options.spec, "-") == 0) {
        return nn_fail(NN_ERR_USAGE, "--each reads the spec once a set: it can't be standard input");
    }
    return each == NULL ? check_one(cli, &options) : check_each(cli, &options, each);
}

static const nn_option options_[] = {
    {"--each", "FILE", "check many sets of key=value, a list a line, and print each trial's hash"},
    NN_OPTION_PLUGIN_PATH,
    {"--json", NULL, "with --each: an object a set"},
    NN_OPTION_QUIET,
    {0},
};

const nn_command nn_command_check = {
    .name = "check",
    .arguments = "SPEC [key=value ...]",
    .summary = "names every error of a spec; trains nothing",
    .help = "Looks at the data too if they are there, and says which checks it had to leave out.\n"
            "With --each a line of FILE is a list of key=value, as YAML or JSON:\n"
            "[training.epochs=3, \"training.optimizer={use: sgd, rate: 0.5}\"]",
    .options = options_,
    .least = 1,
    .most = (size_t)-1,
    .run = run,
};
