/* SPDX-License-Identifier: MIT */
/* nnrun render SPEC [key=value ...] */
#include "cli/commands.h"
#include "cli/print.h"

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
    nn_text text = {0};
    NN_TRY(nn_session_create(&options, &session));
    nn_status status = nn_cli_diagnostics(cli, session, nn_session_check(session, false));
    if (status == NN_OK) {
        status = nn_session_render(session, nn_cli_flag(cli, "--origin"), &text);
    }
    if (status == NN_OK) {
        status = nn_print(&text);
    }
    nn_text_finish(&text);
    nn_session_destroy(session);
    return status;
}

static const nn_option options_[] = {
    {"--origin", NULL, "behind each value: file:line, argument or default"},
    NN_OPTION_PLUGIN_PATH,
    {0},
};

const nn_command nn_command_render = {
    .name = "render",
    .arguments = "SPEC [key=value ...]",
    .summary = "the resolved spec: every key, defaults included, paths absolute",
    .help = "What is printed is a spec itself; run, it gives the same bits.",
    .options = options_,
    .least = 1,
    .most = (size_t)-1,
    .run = run,
};
