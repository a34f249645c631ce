/* SPDX-License-Identifier: MIT */
/* nnrun doctor */
#include "base/text.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "run/doctor.h"

#include <stdio.h>

static nn_status run(nn_cli *cli)
{
    nn_text out = {0};
    nn_plugin_places places = nn_cli_places(cli);
    const nn_log silent = {.least = NN_ERROR};
    size_t problems = 0;
    nn_status status = nn_doctor(&places, "results", &silent, &out, &problems);
    if (status == NN_OK && problems == 0) {
        nn_text_put(&out, "all is well\n");
    }
    if (status == NN_OK) {
        status = nn_print(&out);
    }
    if (status == NN_OK && problems > 0) {
        status = nn_fail(NN_ERR_CHECK, "%zu problem%s: see the lines above", problems,
                         problems == 1 ? "" : "s");
    }
    nn_text_finish(&out);
    return status;
}

static const nn_option options[] = {NN_OPTION_PLUGIN_PATH, {0}};

const nn_command nn_command_doctor = {
    .name = "doctor",
    .arguments = "",
    .summary = "versions, threads, instruction set, plugin folders, and what is missing",
    .options = options,
    .run = run,
};
