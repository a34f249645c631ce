/* SPDX-License-Identifier: MIT */
/* nnrun check SPEC [key=value ...] */
#include "cli/commands.h"

#include <stdio.h>

static nn_status run(nn_cli *cli)
{
    nn_session_options options = {
        .spec = cli->positional[0],
        .overrides = cli->positional + 1,
        .override_count = cli->positional_count - 1,
        .plugins = nn_cli_places(cli),
        .log = &cli->log,
    };
    nn_session *session;
    NN_TRY(nn_session_create(&options, &session));
    nn_status status = nn_cli_diagnostics(cli, session, nn_session_check(session, true));
    size_t errors = nn_session_error_count(session), warnings = nn_session_warning_count(session);
    if (!nn_cli_flag(cli, "--quiet")) {
        fprintf(stdout, "%s: %zu error%s, %zu warning%s\n", options.spec, errors,
                errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
    }
    nn_session_destroy(session);
    return status;
}

static const nn_option options_[] = {NN_OPTION_PLUGIN_PATH, NN_OPTION_QUIET, {0}};

const nn_command nn_command_check = {
    .name = "check",
    .arguments = "SPEC [key=value ...]",
    .summary = "names every error of a spec; trains nothing",
    .help = "Looks at the data too if they are there, and says which checks it had to leave out.",
    .options = options_,
    .least = 1,
    .most = (size_t)-1,
    .run = run,
};
