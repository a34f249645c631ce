/* SPDX-License-Identifier: MIT */
/* --help, from the tables of commands and options. */
#ifndef NN_CLI_HELP_H
#define NN_CLI_HELP_H

#include "cli/cli.h"

#include <stdio.h>

/* All commands, a line each. */
void nn_help_all(FILE *out);
/* One command with its options; only what belongs to the subcommand `word`, where there is one of that name.
 * `word` may be NULL. */
void nn_help_command(const nn_command *command, const char *word, FILE *out);

#endif
