/* SPDX-License-Identifier: MIT */
/* The plugin a check looks at: opened, and bound to the sets of parameters it is checked with. */
#ifndef NN_RUN_CONTRACT_SUBJECT_H
#define NN_RUN_CONTRACT_SUBJECT_H

#include "run/contract_check.h"

/* Opens the file.  False: the verdict and its reason are set. */
bool nn__subject_open(nn__subject *subject, const nn_contract *contract);

/* False where the plugin knows no such parameter or value as contract->parameters say; the reason is set. */
bool nn__subject_takes_parameters(nn__subject *subject);

/* Fills subject->instances: the defaults with what contract->parameters say, then each other parameter
 * changed alone, and at the ends of its range (a set that create() refuses is left out).  False: the verdict is set. */
bool nn__subject_bind(nn__subject *subject);

#endif
