/* SPDX-License-Identifier: MIT */
/* The runs that a command line names, read one by one: what is damaged does not fail the rest. */
#ifndef NN_CLI_READINGS_H
#define NN_CLI_READINGS_H

#include "cli/cli.h"
#include "cli/reading.h"

typedef struct nn_readings {
    nn_arena *arena;
    nn_reading *runs;
    size_t count;
} nn_readings;

/* All positional arguments, looked for in --out.  NN_ERR_NOT_FOUND: there is no such run. */
nn_status nn_readings_open(const nn_cli *cli, nn_readings *out);
void nn_readings_finish(nn_readings *readings);
/* NN_ERR_CHECKPOINT where one was damaged, told after the others have been put out. */
nn_status nn_readings_status(const nn_readings *readings);

#endif
