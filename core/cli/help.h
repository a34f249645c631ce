/* SPDX-License-Identifier: MIT */
/* --help, from the tables of commands and options. */
#ifndef NN_CLI_HELP_H
#define NN_CLI_HELP_H

#include "cli/cli.h"

#include <stdio.h>

/* All commands, a line each. */
void nn_help_all(FILE *out);
/* One command with its options. */
void nn_help_command(const nn_command *command, FILE *out);

#endif
