/* SPDX-License-Identifier: MIT */
/* Every command, each from its file. */
#ifndef NN_CLI_COMMANDS_H
#define NN_CLI_COMMANDS_H

#include "cli/cli.h"

extern const nn_command nn_command_run, nn_command_check, nn_command_resume, nn_command_doctor;
extern const nn_command nn_command_gradcheck, nn_command_trace, nn_command_bench;
extern const nn_command nn_command_data;
extern const nn_command nn_command_plugins;
extern const nn_command nn_command_show, nn_command_eval, nn_command_predict;
extern const nn_command nn_command_results, nn_command_compare, nn_command_export;
extern const nn_command nn_command_render, nn_command_schema;

#endif
