/* SPDX-License-Identifier: MIT */
/* Does a plugin keep the contract?  Each check runs in a process of its own with a time limit, so that a
 * plugin may crash, exit or hang in one and is still judged by the others, and never harms the caller.
 *
 * A component is checked with its defaults and with each parameter changed alone, at the ends of its range too.
 */
#ifndef NN_RUN_CONTRACT_H
#define NN_RUN_CONTRACT_H

#include "base/status.h"

#include <stddef.h>

typedef enum nn_verdict { NN_VERDICT_PASSED, NN_VERDICT_FAILED, NN_VERDICT_SKIPPED } nn_verdict;

/* What came of one check.  Valid during the call that reports it. */
typedef struct nn_check_result {
    const char *name;    /* "derivative" */
    nn_verdict verdict;
    const char *figure;  /* "2.1e-11 of at most 1e-07"; "" where the check has none */
    const char *reason;  /* failed: what was found; skipped: why; else "" */
    const char *rule;    /* the line of the contract it stands for */
    double elapsed_s;
} nn_check_result;

typedef void nn_check_report(void *context, const nn_check_result *result);

typedef struct nn_contract {
    const char *path;              /* of the .so */
    const char *const *parameters; /* "path=tests/data", for required ones and others */
    size_t parameter_count;
    double limit_s;                /* of processor time for each check, three times by the clock; 0: 20 */
    const char *only;              /* one check by name; NULL: all */
    nn_check_report *report;
    void *context;
} nn_contract;

/* Runs all checks that the plugin's kind has and counts the failed ones.  A file that is no plugin fails
 * the first check, "loads", and is asked no more.  What would call a function that crashed or hung in a check
 * before is skipped.  NN_ERR_USAGE: `only` names no check, or a parameter is none or has no such value.
 * NN_ERR_IO where no process can be started.  [main] */
nn_status nn_contract_check(const nn_contract *contract, size_t *failed);

#endif
