/* SPDX-License-Identifier: MIT */
/* The list of commands; `run` is first because it is what a bare spec means. */
#include "cli/commands.h"

const nn_command *const nn_commands[] = {
    &nn_command_run,
    &nn_command_check,
    &nn_command_render,
    &nn_command_schema,
    &nn_command_resume,
    &nn_command_eval,
    &nn_command_predict,
    &nn_command_gradcheck,
    &nn_command_trace,
    &nn_command_bench,
    &nn_command_data,
    &nn_command_plugins,
    &nn_command_show,
    &nn_command_results,
    &nn_command_compare,
    &nn_command_export,
    &nn_command_doctor,
    NULL,
};
