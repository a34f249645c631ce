/* SPDX-License-Identifier: MIT */
/* What nnrun stands on here: versions, instruction sets, threads, plugins; and what is wrong. */
#ifndef NN_RUN_DOCTOR_H
#define NN_RUN_DOCTOR_H

#include "base/text.h"
#include "run/session.h"

/* Appends a line a finding to `out`.  *problems counts those that stand in a user's way. */
nn_status nn_doctor(const nn_plugin_places *places, const char *results, const nn_log *log,
                    nn_text *out, size_t *problems);

#endif
