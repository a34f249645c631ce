/* SPDX-License-Identifier: MIT */
/* What a finished run came to, on stdout. */
#ifndef NN_CLI_SUMMARY_H
#define NN_CLI_SUMMARY_H

#include "run/session.h"

/* For a person; nothing but failed expectations with `quiet`; one JSON object with `json`.
 * NN_ERR_MEMORY. */
nn_status nn_summary_print(const nn_summary *summary, bool quiet, bool json);

#endif
