/* SPDX-License-Identifier: MIT */
/* nnrun schema */
#include "cli/commands.h"
#include "cli/print.h"
#include "run/schema.h"
#include "spec/manual.h"

static nn_status run(nn_cli *cli)
{
    nn_text text = {0};
    nn_plugin_places places = nn_cli_places(cli);
    nn_status status = NN_OK;
    if (nn_cli_flag(cli, "--markdown")) {
        nn_spec_manual(&text);
    } else {
        status = nn_run_schema(&places, &cli->log, &text);
    }
    if (status == NN_OK) {
        status = nn_print(&text);
    }
    nn_text_finish(&text);
    return status;
}

static const nn_option options_[] = {
    {"--markdown", NULL, "the keys as a page for people: docs/SPEC.md"},
    NN_OPTION_PLUGIN_PATH,
    {0},
};

const nn_command nn_command_schema = {
    .name = "schema",
    .arguments = "",
    .summary = "JSON Schema of the spec, with every component found",
    .help = "Editors complete and check specs with it.  In a spec, for the YAML language server:\n"
            "# yaml-language-server: $schema=FILE",
    .options = options_,
    .least = 0,
    .most = 0,
    .run = run,
};
