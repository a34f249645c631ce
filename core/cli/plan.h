/* SPDX-License-Identifier: MIT */
/* What a run would be, on stdout. */
#ifndef NN_CLI_PLAN_H
#define NN_CLI_PLAN_H

#include "run/plan.h"

/* A table for a person, or one JSON object.  NN_ERR_MEMORY. */
nn_status nn_plan_print(const nn_plan *plan, bool json);

#endif
