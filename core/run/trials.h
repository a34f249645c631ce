/* SPDX-License-Identifier: MIT */
/* Many sets of overrides of one spec, checked before the first of them is run: `nnrun check --each`.
 *
 * A set is a line, a list of key=value in YAML (and so in JSON):
 *
 *     [training.epochs=3, "training.optimizer={use: sgd, rate: 0.5}"]
 *
 * A trial's identity is a hash over what decides its result: the resolved spec without what only says
 * how or where it runs (name, threads, plugins, data.cache, checkpoint.every and keep, expect, x-*), the
 * binaries of the plugins it uses, and the data.
 */
#ifndef NN_RUN_TRIALS_H
#define NN_RUN_TRIALS_H

#include "base/hash.h"
#include "run/session.h"

#include <stddef.h>

typedef struct nn_trial {
    size_t line;             /* of the file, from 1 */
    const char *set;         /* as it was written */
    char hash[NN_HASH_TEXT]; /* "" where it was refused */
    size_t errors, warnings;
    const char *diagnostics; /* as people read them; "" without any */
} nn_trial;

/* Told of each line that is not blank, in order; what it is given is valid during the call. */
typedef void nn_trial_told(void *context, const nn_trial *trial);

/* Checks each set on top of the overrides in `options`.  `file`: a path, or "-" for standard input.
 * NN_ERR_IO, NN_ERR_MEMORY; the status of the first refused set; NN_OK where there is none. */
nn_status nn_trials_check(const nn_session_options *options, const char *file, nn_trial_told *told,
                          void *context);

/* The identity of a checked session's trial; the data are part of it as far as the check saw them. */
nn_status nn_session_trial(nn_session *session, char hash[NN_HASH_TEXT]);

#endif
