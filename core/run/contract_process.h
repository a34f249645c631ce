/* SPDX-License-Identifier: MIT */
/* A check in a process of its own: whatever the plugin does there, nnrun goes on.  It guards against
 * mistakes; a plugin that means harm runs with all the rights of who calls it. */
#ifndef NN_RUN_CONTRACT_PROCESS_H
#define NN_RUN_CONTRACT_PROCESS_H

#include "run/contract_check.h"

/* How a check came to its verdict. */
typedef enum nn__end { NN__TOLD, NN__CRASHED, NN__HUNG, NN__EXITED } nn__end;

/* What the process sends home, in one write. */
typedef struct nn__message {
    nn_verdict verdict;
    nn_kind kind; /* where the plugin could be opened */
    nn__end end;
    const char *calling; /* not NN__TOLD: in which function, a literal; NULL: in none of the plugin's */
    bool misused;        /* `reason` says what is wrong with contract->parameters */
    char figure[sizeof((nn__subject *)0)->figure];
    char reason[sizeof((nn__subject *)0)->reason];
} nn__message;

/* Runs one check and waits for its end, at most contract->limit_s of processor time and three
 * times as long by the clock.  NN_ERR_IO, NN_ERR_MEMORY: there could be no process. */
nn_status nn__process_check(const nn_contract *contract, const nn__check *check, nn__message *message);

#endif
